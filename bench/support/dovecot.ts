// A Dovecot of the bench's own, where Debian's package is installed (dovecot-core, -imapd, -lmtpd) and we are root: mdbox,
// on free ports, in a temporary directory. Only to be measured beside Homing; nothing of Homing needs it.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadCertificate } from '../../src/config/certificate.ts';
import { freePorts } from './server.ts';

export interface Dovecot {
  version: string;
  ports: { imap: number; imaps: number; lmtp: number };
  /** Runs doveadm; rejects with what it said. */
  doveadm(...args: string[]): Promise<string>;
  directory: string;
  stop(): Promise<void>;
}

/** Any address signs in with any password and has an empty mailbox. Throws a sentence where there is no Dovecot. */
export async function startDovecot(): Promise<Dovecot> {
  const { stdout, status } = spawnSync('dovecot', ['--version'], { encoding: 'utf8' });
  if (status !== 0 || process.getuid?.() !== 0)
    throw new Error(
      'Dovecot runs here as root only, from Debian: apt-get install dovecot-core dovecot-imapd dovecot-lmtpd',
    );
  const directory = mkdtempSync(join(tmpdir(), 'homing-dovecot-'));
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'mail'), { mode: 0o777 });
  await chmod(join(directory, 'mail'), 0o777);
  const [imap = 0, imaps = 0, lmtp = 0] = await freePorts(3);
  const ports = { imap, imaps, lmtp };
  // Of the same kind as ours.
  await loadCertificate({ dataDir: directory, hostname: 'dovecot.test', tlsKey: undefined, tlsCert: undefined });
  const config = join(directory, 'dovecot.conf');
  await writeFile(config, configOf(directory, ports));
  const child = spawn('dovecot', ['-F', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(child, lmtp);
  return {
    version: stdout.trim().split(' ')[0] ?? '',
    ports,
    directory,
    doveadm: async (...args) =>
      (await promisify(execFile)('doveadm', ['-c', config, ...args], { maxBuffer: 64 << 20 })).stdout,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As its own documentation has it for mdbox; what only guards against strangers is off. */
function configOf(directory: string, { imap, imaps, lmtp }: Dovecot['ports']): string {
  return `
base_dir = ${directory}/run
state_dir = ${directory}/state
log_path = ${directory}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${directory}/tls/cert.pem
ssl_key = <${directory}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 64M
mail_location = mdbox:~/mdbox
first_valid_uid = 1
default_client_limit = 4096
default_process_limit = 512
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${directory}/mail/%u
}
namespace inbox {
  inbox = yes
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = ${imaps}
    ssl = yes
  }
}
service lmtp {
  process_min_avail = 2
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
protocol imap {
  mail_max_userip_connections = 1000
}
`;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) throw new Error(`Dovecot ended with ${child.exitCode}: ${said}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Dovecot does not listen.');
}
