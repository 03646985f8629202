// npm run demo: half a minute, no typing. A Homing of its own with a thousand people; Ana mails the salaries to all of
// them and to one address outside; some open it, some devices download it; Ana takes it back. Everything goes over the
// real protocols, and every figure is measured. With --svg FILE the wall is drawn there too (docs/demo.svg).

import { writeFile } from 'node:fs/promises';
import { connectJmap, type JmapClient } from '../bench/support/jmap.ts';
import { startHoming } from '../bench/support/server.ts';
import { connectSubmission } from '../bench/support/smtp.ts';
import { createWall, type Family } from './wall.ts';

const PEOPLE = 1000;
const READERS = 12;
const DEVICES = 30;
const PASSWORD = 'homing';

const terminal = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const say = (line = ''): void => console.log(line);
const pause = (ms: number): Promise<void> =>
  terminal ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();

say('Starting a mail system for a thousand people …');
const homing = await startHoming({ people: PEOPLE - 5 });
try {
  await demonstrate();
} finally {
  await homing.stop();
}

async function demonstrate(): Promise<void> {
  const { http, submissions } = homing.ports;
  const ana = await connectJmap(http, 'ana@pigeon.test', PASSWORD);
  const smtp = await connectSubmission(submissions, 'ana@pigeon.test', PASSWORD);
  say();
  say('Ana sends "Salaries 2026" to all@pigeon.test, and to press@outside.test.');
  const letter = `From: Ana Silva <ana@pigeon.test>\r\nTo: all@pigeon.test, press@outside.test\r\nSubject: Salaries 2026\r\nMessage-ID: <salaries-2026@pigeon.test>\r\n\r\nAna 61,000 · Ben 58,000 · Cho 64,500 · Dia 59,200 · Eli 49,900 …`;
  await smtp.send('ana@pigeon.test', ['all@pigeon.test', 'press@outside.test'], letter);
  const emailId = await sentId(ana);
  const wall = createWall(PEOPLE + 1, terminal);
  await until(async () => (await ana.call('Recall/preview', { emailId, recipients: null })).inside >= PEOPLE);
  for (let i = 0; i < PEOPLE; i++) wall.set(i, 'unopened');
  wall.paint('It is in a thousand mailboxes; the one outside is held for 30 seconds.');
  await pause(2000);

  const person = (i: number): string => (i < 5 ? (['ana', 'ben', 'cho', 'dia', 'eli'][i] ?? 'ana') : `p${i - 4}`);
  const spread = (count: number, offset: number): number[] =>
    Array.from({ length: count }, (_, i) => 5 + ((offset + i * Math.floor((PEOPLE - 5) / count)) % (PEOPLE - 5)));
  for (const [i, index] of spread(DEVICES, 7).entries()) {
    await read(http, person(index), false);
    wall.set(index, 'downloaded');
    if (i % 5 === 4) wall.paint('Phones download it in the background …');
  }
  for (const index of spread(READERS, 31)) {
    await read(http, person(index), true);
    wall.set(index, 'opened');
    wall.paint('… and some people open it.');
    await pause(80);
  }
  if (!terminal) say(`Meanwhile ${DEVICES} devices downloaded it and ${READERS} people opened it.`);
  await pause(1500);
  wall.paint('Ana notices. Message, Actions, Recall This Message.');
  await pause(2500);

  const began = performance.now();
  const result = await ana.call('Recall/set', {
    create: {
      r: {
        emailId,
        mode: 'delete',
        replacementEmailId: null,
        recipients: null,
        includeRead: false,
        notifyMe: true,
        reason: null,
      },
    },
  });
  const gateMs = performance.now() - began;
  const { id, gateMs: serverMs } = result.created.r;
  let recall = await ana.call('Recall/get', { ids: [id] }).then((got) => got.list[0]);
  while (recall.status === 'sweeping') recall = (await ana.call('Recall/get', { ids: [id] })).list[0];
  const tookMs = Date.parse(recall.doneAt) - Date.parse(recall.createdAt);
  for (const outcome of await outcomes(ana, id)) {
    wall.set(indexOf(outcome.recipient), familyOf(outcome));
  }

  const title = `Taken back. No unread copy could be opened ${serverMs.toFixed(1)} ms after the server was asked.`;
  wall.paint(title);
  const picture = process.argv[process.argv.indexOf('--svg') + 1];
  if (process.argv.includes('--svg') && picture) {
    const lines = [
      `gate ${serverMs.toFixed(1)} ms in the server, ${gateMs.toFixed(1)} ms as the program saw it; last outcome ${tookMs} ms after the command`,
    ];
    await writeFile(picture, wall.svg(title, lines));
  }

  say();
  for (const line of wall.legend()) say(`  ${line}`);
  say();
  say('  outcome          recipients');
  for (const [outcome, count] of Object.entries(recall.counts))
    say(`  ${outcome.padEnd(16)} ${String(count).padStart(6)}`);
  say();
  say(`  gate             ${serverMs.toFixed(1)} ms in the server, ${gateMs.toFixed(1)} ms as Ana's program saw it`);
  say(`  last outcome     ${tookMs} ms after the command`);
  say(`  report           "Recall report: Salaries 2026" is in Ana's Inbox`);
  say();
  say('npm start keeps such a system running for you.');
}

/** Downloads the body as a phone does, or opens it as a person does. */
async function read(port: number, name: string, opens: boolean): Promise<void> {
  const client = await connectJmap(port, `${name}@pigeon.test`, PASSWORD);
  const { ids } = await client.call('Email/query', { filter: { inMailbox: 'f1', subject: 'Salaries' } });
  if (opens)
    await client.call('Email/set', {
      update: Object.fromEntries(ids.map((id: string) => [id, { 'keywords/$seen': true }])),
    });
  await client.call('Email/get', { ids, properties: ['subject', 'bodyValues', 'textBody'], fetchTextBodyValues: true });
  client.close();
}

async function sentId(ana: JmapClient): Promise<string> {
  const { ids } = await ana.call('Email/query', {
    filter: { inMailbox: 'f3', subject: 'Salaries' },
    sort: [{ property: 'receivedAt', isAscending: false }],
    limit: 1,
  });
  return ids[0];
}

interface Outcome {
  recipient: string;
  outcome: string;
  exposure: string;
}

async function outcomes(ana: JmapClient, recallId: string): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (let position = 0; ; position += 500) {
    const { ids } = await ana.call('RecallOutcome/query', { filter: { recallId }, position, limit: 500 });
    if (ids.length === 0) return found;
    found.push(
      ...(await ana.call('RecallOutcome/get', { ids, properties: ['recipient', 'outcome', 'exposure'] })).list,
    );
  }
}

function indexOf(recipient: string): number {
  const local = recipient.slice(0, recipient.indexOf('@'));
  const first = ['ana', 'ben', 'cho', 'dia', 'eli'].indexOf(local);
  if (!recipient.endsWith('@pigeon.test')) return PEOPLE;
  return first >= 0 ? first : 4 + Number(local.slice(1));
}

function familyOf({ outcome, exposure }: Outcome): Family {
  if (outcome === 'recalled') return exposure === 'downloaded' || exposure === 'opened' ? 'back-downloaded' : 'back';
  if (outcome.startsWith('kept') || outcome === 'cancelled') return 'there';
  if (outcome === 'outside' || outcome === 'intercepted') return 'outside';
  if (outcome === 'outside-unknown' || outcome === 'failed') return 'uncertain';
  return 'nothing';
}

async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}
