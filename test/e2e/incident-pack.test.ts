import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../src/cli/recall.ts';
import { run as audit } from '../../src/cli/audit.ts';
import { askAdminRecall, fromOutside } from '../support/administering.ts';
import { refused, testCommand } from '../support/directory.ts';
import { startTestHoming } from '../support/homing.ts';
import { emailsOf, markRead } from '../support/recalling.ts';
import { text } from '../../src/recall/pack/html.ts';
import { keyId, signed, verifySigned } from '../../src/recall/pack/signature.ts';

const homing = await startTestHoming();
const command = await testCommand(homing.connection, run);
const folder = await mkdtemp(join(tmpdir(), 'homing-pack-'));
after(async () => {
  await rm(folder, { recursive: true });
  await command.close();
  await homing.close();
});
const ben = await homing.client('ben@pigeon.test');
const dia = await homing.client('dia@pigeon.test');
await homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });

test('a file is verified by the key that signed it, and no octet of it changes unseen', () => {
  const key = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(signed('<p>Grüße</p>\n', key));
  assert.deepEqual(verifySigned(bytes, key.publicKey), { valid: true, keyId: keyId(key.publicKey) });
  const other = generateKeyPairSync('ed25519').publicKey;
  assert.deepEqual(verifySigned(bytes, other), { valid: false, why: 'otherKey', keyId: keyId(key.publicKey) });
  assert.equal(verifySigned(Buffer.from('<p>Grüße</p>\n'), key.publicKey).valid, false);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.equal(verifySigned(changed, key.publicKey).valid, false, `octet ${i}`);
  }
  assert.equal(verifySigned(Buffer.concat([bytes, Buffer.from('<p>More</p>')]), key.publicKey).valid, false);
});

test('what stands in a pack is text', () => {
  assert.equal(text(`<b onclick="x('&')">`), '&lt;b onclick=&quot;x(&#39;&amp;&#39;)&quot;&gt;');
  assert.equal(text('a\u202eb\u0000c'), 'a\ufffdb\ufffdc');
});

test('the pack of a recall: what, who, exposure, timeline, recipients; signed, and verified anywhere', async (context) => {
  const message = await fromOutside(homing, ['ben@pigeon.test', 'cho@pigeon.test'], '<script>alert(1)</script>');
  await markRead(ben, (await emailsOf(ben, 'script'))[0]);
  const made = await askAdminRecall(dia, message, { includeRead: true, reason: 'Phishing & more' });
  await homing.settle();
  const file = join(folder, 'pack.html');
  const say = async (...args: string[]): Promise<{ code: number; out: string }> => command.homing(context, ...args);
  const packed = await say('pack', String(made['id']), '--out', file, '--by', 'dia@pigeon.test');
  assert.match(packed.out, /signed with key [\da-f]{32}\.$/);
  const html = await readFile(file, 'utf8');
  assert.doesNotMatch(html, /<script/);
  for (const expected of [
    /<dd>&lt;script&gt;alert\(1\)&lt;\/script&gt;<\/dd>/,
    /<dt>From<\/dt><dd>Eve &lt;eve@outside\.test&gt;<\/dd>/,
    /<dt>Asked for by<\/dt><dd>dia@pigeon\.test<\/dd>/,
    /<dt>Reason<\/dt><dd>Phishing &amp; more<\/dd>/,
    /<td>recalled<\/td><td>1<\/td><td>0<\/td><td>0<\/td><td>1<\/td><td>2<\/td>/,
    /gate: no copy in scope can be opened from here on/,
    /<td>dia@pigeon\.test<\/td><td>recall\.created<\/td>/,
    /<td>homing<\/td><td>recall\.done<\/td>/,
    /<td>ben@pigeon\.test<\/td><td><\/td><td>Taken back: it had been read\.<\/td><td>opened<\/td>/,
    /The audit log’s chain was verified for this pack: intact/,
  ])
    assert.match(html, expected);
  assert.doesNotMatch(html, /(?:src|href|url)\s*[=(]/, 'it fetches nothing');

  assert.equal((await say('verify', file)).code, 0);
  const key = join(folder, 'key.pem');
  await writeFile(key, (await say('key')).out);
  assert.equal(verifySigned(await readFile(file), createPublicKey(await readFile(key))).valid, true);
  assert.equal((await say('verify', file, '--key', key)).code, 0);
  await writeFile(join(folder, 'changed.html'), html.replace('opened', 'listed'));
  const changed = await say('verify', join(folder, 'changed.html'), '--key', key);
  assert.deepEqual([changed.code, /changed since it was signed/.test(changed.out)], [1, true]);

  assert.match(
    await refused(run(['pack', 'r999999', '--out', file, '--by', 'dia@pigeon.test']), 'notFound'),
    /no such recall/,
  );
  assert.match(
    await refused(run(['pack', String(made['id']), '--out', file, '--by', 'dia@pigeon.test']), 'notWritten'),
    /already/,
  );
  await refused(run(['pack', String(made['id']), '--out', join(folder, 'x'), '--by', 'ben@pigeon.test']), 'forbidden');
  await refused(run(['verify', join(folder, 'nothing')]), 'notFound');
  await refused(run(['verify', file, '--key', file]), 'badKey');
  const answer = await dia.call('AdminRecall/pack', { recallId: made['id'] });
  assert.equal(answer['name'], `recall-${String(made['id'])}.html`);
  const publicKey = createPublicKey(await readFile(key));
  assert.equal(verifySigned(Buffer.from(String(answer['html'])), publicKey).valid, true);
});

test('the audit log is exported whole, and the file verifies by itself', async (context) => {
  const { homing: say } = await testCommand(homing.connection, audit);
  const file = join(folder, 'audit.jsonl');
  assert.equal((await say(context, 'export', '--tenant', 'pigeon.test', '--out', file)).code, 0);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const [row] = await homing.sql<{ n: string }>(`SELECT count(*) AS n FROM audit WHERE tenant_id = $1`, [
    homing.tenant,
  ]);
  assert.equal(lines.length, Number(row?.n));
  const intact = await say(context, 'verify', '--file', file);
  assert.deepEqual([intact.code, intact.out], [0, `${file} is intact: ${lines.length} entries.`]);
  const broken = async (changed: string[]): Promise<string> => {
    await writeFile(join(folder, 'broken.jsonl'), `${changed.join('\n')}\n`);
    const { code, out } = await say(context, 'verify', '--file', join(folder, 'broken.jsonl'));
    assert.equal(code, 1);
    return out;
  };
  assert.match(
    await broken(lines.with(2, lines[2]?.replace('"actor":"', '"actor":"x') ?? '')),
    /broken at entry 3: its content/,
  );
  assert.match(await broken(lines.toSpliced(4, 1)), /broken at entry 5: entry 5 is missing/);
  assert.match(await broken(['nonsense', ...lines]), /broken at entry 1: it is no entry/);
  await refused(audit(['export', '--tenant', 'pigeon.test', '--out', file]), 'notWritten');
  await refused(audit(['verify', '--file', join(folder, 'nowhere')]), 'notFound');
  await refused(audit(['export', '--after', 'x']), 'usage');
});
