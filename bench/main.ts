// npm run bench -- recall|fanout|submit|jmap|load|dovecot|imap|idle|web [options]: prints progress, then one JSON object as its last line.

import { parseArgs } from 'node:util';
import type { BenchOptions } from './options.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    recipients: { type: 'string', default: '10000' },
    opened: { type: 'string', default: '0' },
    replace: { type: 'boolean', default: false },
    connections: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '10' },
    starttls: { type: 'boolean', default: false },
    classic: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const options: BenchOptions = {
  recipients: Number(values.recipients),
  opened: Number(values.opened),
  replace: values.replace,
  connections: Number(values.connections),
  seconds: Number(values.seconds),
  starttls: values.starttls,
  classic: values.classic,
  say: values.json ? () => undefined : (line) => console.error(line),
};

const WEB: string = './web.ts';

const benches: Record<string, () => Promise<{ run(options: BenchOptions): Promise<object> }>> = {
  recall: () => import('./recall.ts'),
  fanout: () => import('./fanout.ts'),
  submit: () => import('./submit.ts'),
  jmap: () => import('./jmap.ts'),
  load: () => import('./load.ts'),
  dovecot: () => import('./dovecot.ts'),
  imap: () => import('./imap.ts'),
  idle: () => import('./idle.ts'),
  // It knows the DOM, so it is checked with the tests of the web client.
  web: () => import(WEB),
};

const bench = benches[positionals[0] ?? ''];
if (!bench) {
  console.error(
    `Usage: npm run bench -- ${Object.keys(benches).join('|')} [--recipients N] [--opened N] [--replace] [--connections N] [--seconds N] [--starttls] [--classic] [--json]`,
  );
  process.exit(2);
}
console.log(JSON.stringify(await (await bench()).run(options)));
