import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { testMail } from '../../test/support/mailboxes.ts';
import { expireUploads, growUpload, insertUpload, keepToLimit, uploadById } from './uploads.ts';

const mail = await testMail();
after(() => mail.close());
const { store, blobs, tenant } = mail;
const [ana, ben] = [await mail.newAccount('ana'), await mail.newAccount('ben')];

async function upload(account: number, uploadedBy: number, now: Date): Promise<{ id: string; blob: number }> {
  const id = randomUUID();
  const blob = await store.transact(async (tx) => {
    const blob_id = await blobs.put(tx, tenant, Buffer.from(id));
    await insertUpload(tx, { tenant, account }, { id, blob_id, size: 36, type: 'text/plain', uploadedBy, now });
    return blob_id;
  });
  return { id, blob };
}

const NOON = new Date('2026-11-23T12:00:00Z');

test('is found by whoever uploaded it, in the account they uploaded it to', async () => {
  const { id, blob } = await upload(ana, ben, NOON);
  const found = { blob_id: blob, size: 36, type: 'text/plain' };
  assert.deepEqual(await uploadById(store, { tenant, account: ana, uploadedBy: ben }, id), found);
  assert.equal(await uploadById(store, { tenant, account: ana, uploadedBy: ana }, id), undefined);
  assert.equal(await uploadById(store, { tenant, account: ben, uploadedBy: ben }, id), undefined);
  assert.equal(await uploadById(store, { tenant: tenant + 1, account: ana, uploadedBy: ben }, id), undefined);
});

test('goes with its bytes once it is too old, however many there are', async () => {
  const minute = (n: number): Date => new Date(NOON.getTime() + n * 60_000);
  const before = await expireUploads({ store, blobs }, minute(1));
  assert.equal(before, 1, 'the one above');
  const old = [];
  for (let i = 0; i < 205; i++) old.push(await upload(i % 2 ? ana : ben, ana, minute(i % 3)));
  const fresh = await upload(ana, ana, minute(3));
  assert.equal(await expireUploads({ store, blobs }, minute(3)), 205);
  assert.equal(await expireUploads({ store, blobs }, minute(3)), 0);
  assert.ok(await uploadById(store, { tenant, account: ana, uploadedBy: ana }, fresh.id));
  assert.equal((await blobs.read(tenant, fresh.blob)).toString(), fresh.id);
  await assert.rejects(blobs.read(tenant, old[0]?.blob ?? 0));
  const rows = await mail.sql<{ n: number }>(`SELECT count(*)::int AS n FROM blob`);
  assert.equal(rows[0]?.n, 1, 'no bytes are left without an owner');
});

test('of a message that was coming in, what is left goes sooner than what somebody has uploaded', async () => {
  const minute = (n: number): Date => new Date(NOON.getTime() + n * 60_000);
  const [own, left, coming] = [
    await upload(ana, ana, minute(10)),
    await upload(0, 0, minute(10)),
    await upload(0, 0, minute(10)),
  ];
  await store.transact((tx) => growUpload(tx, { tenant, account: 0, id: coming.id }, 5, minute(30)));
  assert.equal(await expireUploads({ store, blobs }, minute(0), minute(20)), 1);
  await assert.rejects(blobs.read(tenant, left.blob));
  for (const { blob } of [own, coming]) assert.ok(await blobs.read(tenant, blob));
});

test('past its limit, what one person uploaded to one account goes oldest first', async () => {
  const minute = (n: number): Date => new Date(NOON.getTime() + n * 60_000);
  await expireUploads({ store, blobs }, minute(1000));
  const own = [];
  for (const n of [3, 1, 2, 0]) own.push(await upload(ana, ana, minute(n)));
  const others = [await upload(ana, ben, minute(0)), await upload(ben, ana, minute(0))];
  const [newest, , , last] = own;
  const keep = (most: number, size = 36, draw = 0): Promise<number> =>
    store.transact((tx) =>
      keepToLimit(tx, blobs, { tenant, account: ana, uploadedBy: ana, id: last?.id ?? '', size }, { most, draw }),
    );
  // Each counts as 1 KiB.
  assert.equal(await keep(4096), 0);
  assert.equal(await keep(3071, 16 << 20, 0.6), 0, 'it is not its turn');
  assert.equal(await keep(3071, 16 << 20, 0.4), 2, 'the two that are oldest, but for what has just come');
  const left = own.map(({ blob }) => blobs.read(tenant, blob).then(String, () => null));
  assert.deepEqual(await Promise.all(left), [newest?.id, null, null, last?.id]);
  assert.equal(await keep(1), 1, 'it stays, however large');
  for (const { blob } of [...others, last ?? assert.fail()]) assert.ok(await blobs.read(tenant, blob));
});
