// Mail programs that people have: Debian's curl, mbsync and neomutt, each in a home directory of its own.

import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { findProgram, install, mayInstall } from '../../support/debian.ts';

export interface Home {
  directory: string;
  port: number;
  /** Of submission over TLS. */
  smtp: number;
  user: string;
  password: string;
  /** PEM file with the server's certificate. */
  certificate: string;
}

/** Debian's package of each. */
const PACKAGES = { curl: 'curl', mbsync: 'isync', neomutt: 'neomutt', script: 'bsdutils' } as const;
type Program = keyof typeof PACKAGES;

/** Installs those that are not there, where we may. Null: all are there; else the sentence that says what to do. */
export function providePrograms(...programs: Program[]): string | null {
  const missing = (): string[] => programs.filter((one) => findProgram([one]) === null).map((one) => PACKAGES[one]);
  if (missing().length === 0) return null;
  const failed = mayInstall() ? install(...missing()) : null;
  const still = missing();
  if (still.length === 0) return null;
  const why = `There is no ${still.join(' and no ')} here${failed === null ? '' : ` (${failed})`}: apt-get install ${still.join(' ')}`;
  if (process.env['CI'] === 'true') throw new Error(why);
  return why;
}

/** The server's certificate as PEM. */
export async function certificateOf(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => void socket.once('secureConnect', resolve).once('error', reject));
  const base64 = socket.getPeerCertificate().raw.toString('base64');
  socket.destroy();
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** What it prints; throws with what it says where it fails. */
export async function run(program: Program, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000, maxBuffer: 64 << 20 };
    execFile(program, args, options, (error, stdout, stderr) =>
      error ? reject(new Error(`${program}: ${error.message}\n${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
}

/** curl with these arguments on a URL of the home's server. */
export function curl({ port, user, password, certificate }: Home, path: string, ...args: string[]): Promise<string> {
  const ours = ['-sS', '--max-time', '60', '--cacert', certificate, '-u', `${user}:${password}`];
  return run('curl', [...ours, ...args, `imaps://127.0.0.1:${port}/${path}`]);
}

/** mbsync of the whole account into a Maildir, as a person who reads offline has it. */
export async function createMbsync(
  home: Home,
): Promise<{ sync(): Promise<void>; mails(box: string): Promise<string[]> }> {
  const near = join(home.directory, 'mail');
  const configuration = join(home.directory, 'mbsyncrc');
  await mkdir(near, { recursive: true });
  await writeFile(
    configuration,
    `IMAPAccount homing
Host 127.0.0.1
Port ${home.port}
User ${home.user}
Pass ${home.password}
SSLType IMAPS
CertificateFile ${home.certificate}
AuthMechs LOGIN

IMAPStore far
Account homing

MaildirStore near
Path ${near}/
Inbox ${near}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns * !"Other Users*"
Create Both
Expunge Both
SyncState *
`,
  );
  return {
    sync: async () => void (await run('mbsync', ['-c', configuration, '-a'], { HOME: home.directory })),
    async mails(box) {
      const files = (await Promise.all(['new', 'cur'].map((one) => filesIn(join(near, box, one))))).flat();
      return Promise.all(files.map((file) => readFile(file, 'utf8')));
    },
  };
}

async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}

export interface Terminal {
  /** Keys as they are pressed. */
  press(keys: string): void;
  /** Resolves once what was drawn since the last `seen` has this in it; throws with what was drawn after a time. */
  seen(text: string): Promise<void>;
  close(): Promise<void>;
}

/** As docs/clients.md has it: Esc r sends the message that one is at to recall@, as an attachment. */
const RECALL_MACRO = String.raw`macro index,pager \er "<enter-command>set mime_forward=yes editor=true autoedit=no copy=no<enter>\
<forward-message>recall@pigeon.test<enter><enter><send-message><enter-command>reset mime_forward editor autoedit copy<enter>"`;

/** neomutt on a terminal, in the Inbox. */
export async function createNeomutt(home: Home): Promise<Terminal> {
  const configuration = join(home.directory, 'neomuttrc');
  await writeFile(
    configuration,
    `set imap_user="${home.user}" imap_pass="${home.password}" folder="imaps://127.0.0.1:${home.port}/" spoolfile="+INBOX"
set smtp_url="smtps://${home.user}@127.0.0.1:${home.smtp}/" smtp_pass="${home.password}" from="${home.user}"
set certificate_file="${home.certificate}" ssl_verify_host=no imap_idle=yes timeout=1 mail_check=1
${RECALL_MACRO}
set index_format="%Z %s" sort=date-received wait_key=no confirmappend=no delete=yes mark_old=no sleep_time=0
`,
  );
  const command = `exec neomutt -n -F '${configuration}'`;
  // script gives it the terminal that it wants to have.
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, HOME: home.directory, TERM: 'vt100', LINES: '40', COLUMNS: '120' },
  });
  let drawn = '';
  let look = (): void => undefined;
  const hear = (bytes: Buffer): void => {
    drawn += bytes.toString('latin1');
    look();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    press: (keys) => void child.stdin.write(keys),
    seen: (text) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no "${text}" in what neomutt drew:\n${drawn}`)), 60_000);
        look = () => {
          const at = drawn.indexOf(text);
          if (at < 0) return;
          drawn = drawn.slice(at + text.length);
          clearTimeout(late);
          look = () => undefined;
          resolve();
        };
        look();
      }),
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
