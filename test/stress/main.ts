// npm run stress -- imap [--clients N] [--minutes N] [--people N] [--arrivals N] [--seed N]: prints progress, then one JSON
// object as its last line; exit code 1 where it found an inconsistency.

import { parseArgs } from 'node:util';
import { startHoming } from '../../bench/support/server.ts';
import { clientOf, PASSWORD } from '../support/http.ts';
import { stressImap } from './imap/stress.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    clients: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '10' },
    people: { type: 'string', default: '10' },
    arrivals: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});
if (positionals[0] !== 'imap') {
  console.error('Usage: npm run stress -- imap [--clients N] [--minutes N] [--people N] [--arrivals N] [--seed N]');
  process.exit(2);
}

const people = Number(values.people);
const homing = await startHoming({ people });
try {
  const base = `http://127.0.0.1:${homing.ports.http}`;
  const result = await stressImap({
    imaps: homing.ports.imaps,
    sender: clientOf(base, 'ana@pigeon.test', await accountOf(base, 'ana@pigeon.test')),
    accounts: Array.from({ length: people }, (_, i) => `p${i + 1}@pigeon.test`),
    clients: Number(values.clients),
    seconds: Number(values.minutes) * 60,
    seed: Number(values.seed),
    arrivals: Number(values.arrivals),
    say: (line) => console.error(line),
  });
  console.log(JSON.stringify({ ...result, problems: result.problems.length, rssMb: await homing.rssMb() }));
  if (result.problems.length > 0) process.exitCode = 1;
} finally {
  await homing.stop();
}

/** RFC 8620 §2: the number in the session's own account id. */
async function accountOf(base: string, address: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${address}:${PASSWORD}`).toString('base64')}`;
  const session = (await (await fetch(`${base}/.well-known/jmap`, { headers: { authorization } })).json()) as {
    primaryAccounts: Record<string, string>;
  };
  return Number(session.primaryAccounts['urn:ietf:params:jmap:mail']?.slice(1));
}
