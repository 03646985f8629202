// A whole session of a Homing that is watched: its metrics, its readiness, and a log that holds nothing of what was said.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COUNTERS, TIMERS } from '../../src/mail/meter.ts';
import { clientOf, type Client } from '../support/http.ts';
import { askRecall, draft, emailsOf, sendMail } from '../support/recalling.ts';
import { createCrashable, until } from '../support/server.ts';
import { rawSmtp } from '../support/smtp.ts';

const TOKEN = 'a-token-of-the-watch-0123456789';
/** Whatever nobody must find in a log. */
const SECRET = {
  subject: 'Zinnober-subject',
  body: 'Zinnober-body',
  draft: 'Zinnober-draft',
  search: 'Zinnober-search',
  reason: 'Zinnober-reason',
  upload: 'Zinnober-upload',
  name: 'Zinnober-name',
  password: 'Zinnober-password',
  wrong: 'Zinnober-wrong',
  line: 'Zinnober-line',
  json: 'Zinnober-json',
};

const homing = await createCrashable(3, { HOMING_LOG: 'debug', HOMING_METRICS_TOKEN: TOKEN });
const base = `http://127.0.0.1:${homing.ports.http}`;
const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
before(() => homing.start());
after(() => homing.close());

const command = async (...args: string[]): Promise<void> => {
  const env = { ...process.env, HOMING_DATA: homing.dataDir };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: 'ignore' });
  assert.deepEqual(await once(child, 'exit'), [0, null], args.join(' '));
};

async function clientFor(address: string, password?: string): Promise<Client> {
  const [row] = await homing.sql<{ id: number }>(`SELECT id FROM account WHERE address = $1`, [address]);
  return clientOf(base, address, row?.id ?? 0, password);
}

async function metrics(headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${base}/metrics`, { headers });
  assert.equal(response.status, 200);
  return response.text();
}

/** A sample's value; several of a name are added up. */
function valueOf(text: string, name: string, labels = ''): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('a session: mail, drafts, searches, recalls, wrong passwords, nonsense, faults and a database that goes away', async () => {
  await command('account', 'add', 'fay@pigeon.test', '--name', SECRET.name, '--password', SECRET.password);
  const letter = (subject: string): string =>
    `From: Ana <ana@pigeon.test>\r\nTo: all@pigeon.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}.${Date.now()}@pigeon.test>\r\n\r\n${SECRET.body}\r\n`;
  const smtp = await rawSmtp(homing.ports.submissions, { tls: true });
  assert.match(await smtp.signIn('ana@pigeon.test', SECRET.wrong), /^535/);
  assert.match(await smtp.signIn('ana@pigeon.test'), /^235/);
  assert.match(
    await smtp.send(
      'ana@pigeon.test',
      ['all@pigeon.test', 'defer@outside.test', 'bounce@outside.test'],
      letter(SECRET.subject),
    ),
    /^250/,
  );
  for (const line of [`MAIL FROM:<${SECRET.line}`, SECRET.line, `EHLO ${SECRET.line}`, `RCPT TO:<${SECRET.line}@x>`])
    await smtp.say(line);
  smtp.close();

  const ana = await clientFor('ana@pigeon.test');
  const fay = await clientFor('fay@pigeon.test', SECRET.password);
  assert.equal((await fay.fetch('/.well-known/jmap')).status, 200);
  assert.equal((await (await clientFor('fay@pigeon.test', SECRET.wrong)).fetch('/.well-known/jmap')).status, 401);
  const json = { 'content-type': 'application/json' };
  const signIn = (password: string): Promise<Response> =>
    fetch(`${base}/auth/sign-in`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email: 'fay@pigeon.test', password }),
    });
  assert.deepEqual([(await signIn(SECRET.wrong)).status, (await signIn(SECRET.password)).status], [401, 200]);
  await draft(ana, ['ben@pigeon.test'], SECRET.draft);
  await ana.call('Email/query', { filter: { text: SECRET.search } });
  await ana.call('Email/query', { filter: { [SECRET.search]: SECRET.search } });
  await ana.call(SECRET.search);
  assert.equal(
    (await ana.fetch('/jmap/', { method: 'POST', headers: json, body: `{"using": "${SECRET.json}` })).status,
    400,
  );
  assert.equal(
    (
      await ana.fetch(`/jmap/upload/${ana.accountId}/`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: SECRET.upload,
      })
    ).status,
    201,
  );
  const { emailId } = await sendMail(ana, ['ben@pigeon.test', 'cho@pigeon.test', 'press@outside.test'], SECRET.subject);
  const recall = await askRecall(ana, emailId, { reason: SECRET.reason, notifyMe: true });
  assert.ok(recall['id'], JSON.stringify(recall));
  await until(
    'it is done',
    async () => (await homing.sql(`SELECT 1 FROM recall_state WHERE status = 'done'`)).length > 0,
  );
  await ana.call('Recall/restore', { recallId: recall['id'] });
  assert.ok((await askRecall(ana, emailId, { reason: SECRET.reason, includeRead: true }))['type'], 'refused');

  // A fault whose cause shows the row.
  await homing.sql(`ALTER TABLE message ADD CONSTRAINT odd CHECK (subject NOT LIKE '%odd%')`);
  const again = await rawSmtp(homing.ports.submissions, { tls: true });
  await again.signIn('ana@pigeon.test');
  assert.match(await again.send('ana@pigeon.test', ['ben@pigeon.test'], letter(`${SECRET.subject}-odd`)), /^451/);
  await homing.sql(`ALTER TABLE message DROP CONSTRAINT odd`);

  assert.equal((await fetch(`${base}/readyz`)).status, 200);
  homing.killDatabase();
  const away = await ana.fetch('/.well-known/jmap');
  assert.ok([200, 401, 503].includes(away.status));
  await again.send('ana@pigeon.test', ['ben@pigeon.test'], letter(SECRET.subject));
  await until('it is ready again', async () => (await fetch(`${base}/readyz`)).status === 200);
  await until('it takes mail again', async () =>
    (await again.send('ana@pigeon.test', ['ben@pigeon.test'], letter(SECRET.subject))).startsWith('250'),
  );
  assert.ok((await emailsOf(ana, SECRET.subject)).length > 0);
  again.close();
});

test('metrics tell of it, of the worker’s doings too', async () => {
  const text = await metrics();
  assert.ok(valueOf(text, 'homing_messages_accepted_total', 'origin="smtp"') >= 2);
  assert.ok(valueOf(text, 'homing_messages_accepted_total', 'origin="jmap"') >= 1);
  assert.ok(valueOf(text, 'homing_messages_refused_total', 'reason="fault"') >= 1, 'the fault');
  assert.ok(valueOf(text, 'homing_authentications_total', 'result="refused"') >= 3);
  assert.equal(valueOf(text, 'homing_recall_requests_total', 'result="gated"'), 1);
  assert.equal(valueOf(text, 'homing_recall_gate_duration_seconds_count'), 1);
  assert.equal(valueOf(text, 'homing_recall_outcomes_total', 'outcome="recalled"'), 2);
  assert.equal(valueOf(text, 'homing_recall_outcomes_total', 'outcome="intercepted"'), 1);
  assert.ok(valueOf(text, 'homing_jmap_method_calls_total', 'method="unknown",result="unknownMethod"') >= 1);
  assert.equal(valueOf(text, 'homing_worker_up'), 1);
  assert.equal(valueOf(text, 'homing_database_up'), 1);
  assert.ok(valueOf(text, 'homing_outgoing_deliveries', 'state="held"') >= 1);
  assert.ok(valueOf(text, 'homing_certificate_expiry_timestamp_seconds') > Date.now() / 1000);
  for (const secret of Object.values(SECRET)) assert.ok(!text.includes(secret), secret);
  assert.equal((await fetch(`${base}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 403);
  await metrics({ 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${TOKEN}` });
});

test('manual, dashboard and alerts name the metrics that there are', async () => {
  const bare = (name: string): string => name.replace(/_(?:bucket|sum|count)$/, '');
  const served = new Set([...(await metrics()).matchAll(/^# TYPE (homing_\w+)/gm)].map(([, name = '']) => name));
  // There was no backup, so there is none to tell of; its name is there all the same.
  assert.ok(served.has('homing_backup_last_success_timestamp_seconds'));
  for (const name of [...Object.keys(COUNTERS), ...Object.keys(TIMERS)]) assert.ok(served.has(name), name);
  const docs = new URL('../../docs/monitoring/', import.meta.url);
  for (const file of ['README.md', 'dashboard.json', 'alerts.yaml']) {
    const named = new Set(
      [...(await readFile(new URL(file, docs), 'utf8')).matchAll(/homing_\w+/g)].map(([name]) => bare(name)),
    );
    assert.deepEqual(
      [...named].filter((name) => !served.has(name)),
      [],
      `${file} names what there is not`,
    );
    if (file === 'README.md')
      assert.deepEqual(
        [...served].filter((name) => !named.has(name)),
        [],
        'not in the manual',
      );
  }
  JSON.parse(await readFile(new URL('dashboard.json', docs), 'utf8'));
});

test('the log tells of all that and holds nothing of what was said', async () => {
  await homing.stop();
  const log = homing.output();
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  for (const message of [
    'accepted',
    'refused',
    'recall gated',
    'recall refused',
    'recall ended',
    'a message was put off',
  ])
    assert.ok(said.includes(message), `${message} is in the log`);
  assert.ok(said.some((message) => message.startsWith('The database ended by itself')));
  assert.ok(lines.some((line) => line.includes('"part":"worker"')));
  for (const [what, secret] of Object.entries({ ...SECRET, token: TOKEN })) {
    const spellings = [secret, Buffer.from(secret).toString('base64').slice(0, -4), encodeURIComponent(secret)];
    for (const spelling of spellings)
      assert.ok(!log.includes(spelling), `${what} is in the log: ${lines.find((line) => line.includes(spelling))}`);
  }
  assert.ok(!log.includes(Buffer.from(`\0ana@pigeon.test\0${SECRET.wrong}`).toString('base64')));
});
