import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestHoming } from '../support/homing.ts';
import type { Json } from '../support/http.ts';
import { mail } from '../support/mailboxes.ts';
import { emailsOf, markRead } from '../support/recalling.ts';
import { until } from '../support/server.ts';
import { submitter } from '../support/smtp.ts';

const homing = await startTestHoming({ workers: true, realTime: true });
const dataDir = await mkdtemp(join(tmpdir(), 'homing-e2e-'));
await writeFile(join(dataDir, 'connection.json'), JSON.stringify(homing.connection));
after(async () => {
  await rm(dataDir, { recursive: true });
  await homing.close();
});
const ben = await homing.client('ben@pigeon.test');
const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What the command prints with --json, and its exit code. */
async function run(...args: string[]): Promise<{ code: number; json: never; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], HOMING_DATA: dataDir };
  const child = spawn(process.execPath, [program, ...args], { cwd: dataDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  const json = (
    args.includes('--json') && !/^(?:audit|verify)$/.test(args[0] ?? '') ? JSON.parse(out) : undefined
  ) as never;
  return { code, json, out, err };
}

async function done<T = Json>(...args: string[]): Promise<T> {
  const { code, json, err } = await run(...args, '--json');
  assert.deepEqual([code, err], [0, ''], args.join(' '));
  return json;
}

/** Sent by Ana over SMTP. Answers its Message-ID. */
async function send(subject: string, to: string[]): Promise<string> {
  const client = await submitter(homing.ports, 'ana@pigeon.test');
  const message = mail(subject);
  assert.match(await client.send('ana@pigeon.test', to, message), /^250/);
  client.close();
  return /^Message-ID: <(.*)>/m.exec(message)?.[1] ?? '';
}

const FROM = ['--from', 'ana@pigeon.test'];

test('an account and a group made from a shell are there at once', async () => {
  await done('account', 'add', 'fay@pigeon.test', '--name', 'Fay', '--password', 'a good password');
  const fay = await submitter(homing.ports, 'ana@pigeon.test');
  assert.match(await fay.send('ana@pigeon.test', ['fay@pigeon.test'], mail('Welcome')), /^250/);
  fay.close();
  await done('group', 'add', 'team@pigeon.test', 'fay@pigeon.test', 'ben@pigeon.test');
  const group = await done('group', 'show', 'team@pigeon.test');
  assert.deepEqual((group['members'] as string[]).toSorted(), ['ben@pigeon.test', 'fay@pigeon.test']);
  await send('To the team', ['team@pigeon.test']);
  assert.equal((await emailsOf(ben, 'To the team')).length, 1);
});

test('inbox rules from a shell', async () => {
  await done('account', 'add', 'gil@pigeon.test');
  const add = ['rule', 'add', 'gil@pigeon.test', '--name', 'Bills', '--subject', 'bill', '--subject', 'invoice'];
  const made = await done(...add, '--except-from', 'boss', '--move-to', 'archive', '--mark-read', 'yes');
  assert.deepEqual(made, {
    id: 'u1',
    name: 'Bills',
    isEnabled: true,
    sortOrder: 1,
    conditions: { subject: ['bill', 'invoice'] },
    exceptions: { from: ['boss'] },
    actions: { moveTo: 'Archive', markRead: true },
  });
  const changed = await done(
    'rule',
    'set',
    'gil@pigeon.test',
    'u1',
    '--move-to',
    '',
    '--redirect-to',
    'ben@pigeon.test',
  );
  assert.deepEqual(changed['actions'], { markRead: true, redirectTo: ['ben@pigeon.test'] });
  await send('A bill', ['gil@pigeon.test']);
  assert.equal((await emailsOf(ben, 'A bill')).length, 1);
  const refused = await run('rule', 'set', 'gil@pigeon.test', 'u1', '--redirect-to', 'team@pigeon.test', '--json');
  assert.deepEqual([refused.code, (refused.json as Json)['error']], [1, 'invalidProperties']);
  const { out } = await run('rule', 'list', 'gil@pigeon.test');
  assert.match(out, /u1 .*Bills .*subject bill \| invoice .*from boss .*redirectTo ben@pigeon.test/);
  await done('rule', 'remove', 'gil@pigeon.test', 'u1');
  assert.deepEqual(await done('rule', 'list', 'gil@pigeon.test'), []);
  assert.equal((await run('rule', 'show', 'gil@pigeon.test')).code, 2);
});

test('a recall by Message-ID, followed to its end', async () => {
  const messageId = await send('From a shell', ['ben@pigeon.test', 'cho@pigeon.test', 'x@outside.test']);
  await markRead(ben, (await emailsOf(ben, 'From a shell'))[0]);
  const recall = await done<Json & { outcomes: Json[] }>('recall', `<${messageId}>`, ...FROM, '--wait');
  assert.deepEqual([recall['status'], recall['total']], ['done', 3]);
  assert.deepEqual(recall['counts'], { 'kept-read': 1, recalled: 1, intercepted: 1 });
  assert.deepEqual(recall.outcomes.map((row) => `${String(row['recipient'])} ${String(row['outcome'])}`).toSorted(), [
    'ben@pigeon.test kept-read',
    'cho@pigeon.test recalled',
    'x@outside.test intercepted',
  ]);
  const list = await done<Json[]>('recalls', '--tenant', 'pigeon.test');
  assert.deepEqual(
    [list[0]?.['id'], list[0]?.['by'], list[0]?.['subject']],
    [recall['id'], 'ana@pigeon.test', 'From a shell'],
  );
  const table = await run('recalls', '--tenant', 'pigeon.test');
  assert.match(table.out, /From a shell/);

  const restored = await done('recall', 'restore', String(recall['id']), ...FROM);
  assert.deepEqual(restored, { id: recall['id'], asked: 'restore' });
});

test('with a replacement, for those who are named', async () => {
  const messageId = await send('Wrong one', ['ben@pigeon.test', 'dia@pigeon.test']);
  const file = join(dataDir, 'right.eml');
  await writeFile(file, mail('Right one', { to: 'ben@pigeon.test' }));
  const args = ['recall', messageId, ...FROM, '--to', 'ben@pigeon.test', '--replace', file, '--wait'];
  const recall = await done<Json & { outcomes: Json[] }>(...args);
  assert.deepEqual(
    recall.outcomes.map((row) => [row['recipient'], row['outcome']]),
    [['ben@pigeon.test', 'recalled']],
  );
  assert.deepEqual(await emailsOf(ben, 'Wrong one'), []);
  await until('Ben has the replacement', async () => (await emailsOf(ben, 'Right one', 'f1')).length === 1);
  const dia = await homing.client('dia@pigeon.test');
  assert.equal((await emailsOf(dia, 'Wrong one')).length, 1);
});

test('a replacement that cannot be sent takes nothing back', async () => {
  const messageId = await send('Kept', ['ben@pigeon.test']);
  const file = join(dataDir, 'nobody.eml');
  await writeFile(file, mail('For nobody', { to: 'nobody@pigeon.test' }));
  const { code, json } = await run('recall', messageId, ...FROM, '--replace', file, '--json');
  assert.deepEqual([code, (json as Json)['error']], [1, 'unknownRecipient']);
  assert.equal((await emailsOf(ben, 'Kept')).length, 1);
});

test('what is refused says why, and with 1', async () => {
  const messageId = await send('Refused', ['ben@pigeon.test']);
  for (const [args, why] of [
    [['recall', messageId, '--from', 'ben@pigeon.test'], 'notSender'],
    [['recall', messageId, '--from', 'nobody@pigeon.test'], 'notFound'],
    [['recall', 'no@such.id', ...FROM], 'notSender'],
    [['recall', messageId, ...FROM, '--to', 'eli@pigeon.test'], 'unknownRecipient'],
    [['recall', messageId, ...FROM, '--include-read'], 'readCopies'],
    [['recall', 'restore', 'r999999', ...FROM], 'notFound'],
  ] as const) {
    const { code, json, err } = await run(...args, '--json');
    assert.deepEqual([code, (json as Json)['error']], [1, why], args.join(' '));
    assert.match(err, /^homing: .*\.\n$/);
  }
  assert.equal((await run('recall')).code, 2);
  assert.equal((await run('recall', messageId)).code, 2);
});

test('an administrator finds and takes back what anybody got, and two have to agree where policy says so', async () => {
  await send('For Ben and Cho', ['ben@pigeon.test', 'cho@pigeon.test']);
  const find = ['recall', '--subject', 'for ben and', '--from', 'ana@'];
  const BY = ['--by', 'dia@pigeon.test'];
  const none = await run(...find, ...BY, '--dry-run', '--json');
  assert.deepEqual([none.code, (none.json as Json)['error']], [1, 'forbidden']);
  await done('account', 'set', 'dia@pigeon.test', '--add-role', 'recall-admin');
  await done('account', 'set', 'cho@pigeon.test', '--add-role', 'owner');
  const [dry] = await done<Json[]>(...find, ...BY, '--dry-run', '--forwards');
  assert.deepEqual(
    ['subject', 'from', 'total', 'inside', 'protected', 'exposure', 'forwards'].map((name) => dry?.[name]),
    ['For Ben and Cho', 'ana@pigeon.test', 2, 2, 0, null, 0],
  );
  assert.match(
    (await run(...find, ...BY, '--dry-run')).out,
    /For Ben and Cho +ana@pigeon\.test .*\nNothing was done\.\n$/,
  );
  assert.equal((await run(...find, ...BY)).code, 2, 'a reason is required');
  const [made] = await done<Json[]>(
    ...find,
    ...BY,
    '--reason',
    'Wrong people',
    '--to',
    'ben@pigeon.test',
    '--read-copies',
  );
  assert.equal(made?.['total'], 1);
  await until('Ben’s is gone', async () => (await emailsOf(ben, 'For Ben and Cho')).length === 0);

  await done('policy', 'set', '--tenant', 'pigeon.test', 'dualControl=yes');
  const [asked] = await done<Json[]>(...find, ...BY, '--reason', 'Wrong people');
  assert.equal(asked?.['status'], 'waiting');
  const alone = await run('recall', 'approve', String(asked?.['id']), ...BY, '--json');
  assert.deepEqual([alone.code, (alone.json as Json)['error']], [1, 'samePerson']);
  await done('recall', 'approve', String(asked?.['id']), '--by', 'cho@pigeon.test');
  const cho = await homing.client('cho@pigeon.test');
  assert.deepEqual(await emailsOf(cho, 'For Ben and Cho'), []);
  await done('policy', 'set', '--tenant', 'pigeon.test', 'dualControl=default');
  await until('it has ended', async () => {
    const [row] = await done<Json[]>('recalls', '--tenant', 'pigeon.test', '--limit', '1');
    return row?.['status'] === 'done';
  });
  assert.deepEqual(await done('recall', 'restore', String(asked?.['id']), ...BY), {
    id: asked?.['id'],
    asked: 'restore',
  });
});

test('policy is shown, set, and holds at once', async () => {
  const messageId = await send('By policy', ['ben@pigeon.test']);
  const policy = await done('policy', 'set', '--tenant', 'pigeon.test', 'enabled=false');
  assert.equal(policy['enabled'], false);
  const { code, json } = await run('recall', messageId, ...FROM, '--json');
  assert.deepEqual([code, (json as Json)['error']], [1, 'disabled']);
  assert.equal((await done('policy', 'set', '--tenant', 'pigeon.test', 'enabled=default'))['enabled'], true);
  assert.equal((await done('policy', 'show', '--tenant', 'pigeon.test'))['enabled'], true);
});

test('verify finds nothing in a living system, and says what it finds', async () => {
  const well = await run('verify');
  assert.deepEqual([well.code, well.err], [0, ''], well.out);
  assert.match(well.out, /^All is as it must be: \d+ checks of \d+ organisations?\.$/m);
  const one = `tenant_id = 1 AND account_id = (SELECT id FROM account WHERE address = 'ben@pigeon.test') AND id = 1`;
  await homing.sql(`UPDATE mailbox SET unread = unread + 1 WHERE ${one}`);
  const text = await run('verify', '--tenant', 'pigeon.test');
  assert.equal(text.code, 1);
  assert.match(text.out, /^pigeon\.test: mailbox-counters: not so: .*\n {2}\{"account_id":\d+,"mailbox_id":1,/m);
  assert.match(text.out, /^1 finding in \d+ checks of 1 organisation\. Nothing was changed\.$/m);
  const lines = (await run('verify', '--json')).out.trim().split('\n');
  const [finding, summary] = lines.map((line) => JSON.parse(line) as Json);
  assert.deepEqual([lines.length, finding?.['tenant'], finding?.['check']], [2, 'pigeon.test', 'mailbox-counters']);
  assert.deepEqual(summary?.['findings'], 1);
  await homing.sql(`UPDATE mailbox SET unread = unread - 1 WHERE ${one}`);
});

test('all of it is in the audit log, which is intact', async () => {
  const { out, code } = await run('audit', '--tenant', 'pigeon.test', '--json');
  assert.equal(code, 0);
  const entries = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
  const actions = new Set(entries.map((entry) => entry['action']));
  for (const action of [
    'recall.created',
    'recall.refused',
    'recall.replaced',
    'recall.restore-requested',
    'policy.changed',
  ])
    assert.ok(actions.has(action), `${action} of ${[...actions].join()}`);
  const verdict = await run('audit', 'verify', '--tenant', 'pigeon.test', '--json');
  assert.deepEqual(JSON.parse(verdict.out), { intact: true, entries: entries.length });
  await homing.sql('ALTER TABLE audit DISABLE TRIGGER audit_append_only');
  await homing.sql(`UPDATE audit SET actor = 'nobody' WHERE tenant_id = $1 AND seq = 3`, [homing.tenant]);
  const broken = await run('audit', 'verify', '--tenant', 'pigeon.test');
  assert.equal(broken.code, 1);
  assert.match(broken.out, /broken at entry 3: its content was changed/);
});
