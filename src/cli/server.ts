// Starting and ending the server process.

import { once } from 'node:events';
import { relative } from 'node:path';
import { readConfig, type Config } from '../config/config.ts';
import { onParentGone } from '../config/parent.ts';
import { startHoming, type Homing } from '../main.ts';

/** Answers when the server was asked to end and has. */
export async function startServer(mode: Config['mode'], args: string[]): Promise<number> {
  const config = readConfig(mode, args, process.env);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end);
  onParentGone(end);
  let homing: Homing;
  try {
    homing = await startHoming(config, (line) => console.log(line), ending.signal);
  } catch (error) {
    if (ending.signal.aborted) return 0;
    throw error;
  }
  console.log(mode === 'try' ? tryTable(config, homing) : portTable(homing));
  console.log('Homing is ready');
  if (!ending.signal.aborted) await once(ending.signal, 'abort');
  await homing.stop();
  return 0;
}

function portTable({ ports }: Homing): string {
  return `HTTP ${ports.http}, SMTP ${ports.smtp}, submission ${ports.submission} (STARTTLS) and ${ports.submissions} (TLS), LMTP ${ports.lmtp}, IMAP ${ports.imap} (STARTTLS) and ${ports.imaps} (TLS)`;
}

/** Addresses, ports, and what to try next. */
function tryTable(config: Config, { ports }: Homing): string {
  const people = config.people > 0 ? `\n                p1 … p${config.people}@pigeon.test` : '';
  const command = relative(process.cwd(), new URL('../../bin/homing', import.meta.url).pathname) || 'bin/homing';
  return `
  Open          http://127.0.0.1:${ports.http}/try

  People        ana, ben, cho, dia, eli@pigeon.test   password homing${people}
                all@pigeon.test (everybody)   office@pigeon.test (shared, of ana and ben)
                zoe@other.test (another organisation)
  Outside       anyone@ bounce@ defer@ slow@ lost@outside.test   what arrived: http://127.0.0.1:${ports.http}/outside
  JMAP          http://127.0.0.1:${ports.http}/.well-known/jmap
  IMAP          127.0.0.1:${ports.imap} (STARTTLS)  127.0.0.1:${ports.imaps} (TLS)
  Submission    127.0.0.1:${ports.submission} (STARTTLS)  127.0.0.1:${ports.submissions} (TLS)
  Mail in       127.0.0.1:${ports.smtp} (SMTP)  127.0.0.1:${ports.lmtp} (LMTP)
  Next          send a message as ana, then take it back:
                ${command} recall '<Message-ID>' --from ana@pigeon.test --wait
`;
}
