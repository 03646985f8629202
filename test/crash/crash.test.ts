// kill -9 of Homing, and of its PostgreSQL, in the middle of what must survive it: accepting, sending, fanning out, the
// gate, the sweep. Afterwards everything that was accepted is there once, and every recall ends with all its outcomes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connectJmap, type JmapClient } from '../../bench/support/jmap.ts';
import { connectSubmission } from '../../bench/support/smtp.ts';
import { checkEnd, checkMailboxes } from '../support/invariants.ts';
import { createCrashable, until } from '../support/server.ts';

/** Three batches of a fan-out and of a sweep. */
const PEOPLE = 4500;
const ANA = 'ana@pigeon.test';

const homing = await createCrashable(PEOPLE);
const { sql } = homing;
let tenant = 0;
before(async () => {
  await homing.start();
  tenant = (await sql<{ id: number }>(`SELECT id FROM tenant WHERE name = 'pigeon.test'`))[0]?.id ?? 0;
  // Mail for outside goes at once; read at the next start.
  await sql(`UPDATE tenant SET policy = policy || '{"holdOutsideSeconds": 0}'`);
  await homing.kill();
  await homing.start();
});
after(() => homing.close());

const crashes: { what: string; crash: () => Promise<void> }[] = [
  {
    what: 'the server',
    async crash() {
      await homing.kill();
      await homing.start();
    },
  },
  {
    what: 'PostgreSQL',
    async crash() {
      homing.killDatabase();
      await until('the database is back', async () => (await sql('SELECT 1')).length === 1);
    },
  },
];

const letter = (id: string, to: string): string =>
  `From: Ana Silva <${ANA}>\r\nTo: ${to}\r\nSubject: ${id}\r\nMessage-ID: <${id}@crash.test>\r\n\r\nNumbers.\r\n`;

async function send(id: string, ...to: string[]): Promise<void> {
  const client = await connectSubmission(homing.ports.submissions, ANA, 'homing');
  try {
    await client.send(ANA, to, letter(id, to[0] ?? ''));
  } finally {
    client.close();
  }
}

async function signedIn<T>(work: (ana: JmapClient) => Promise<T>): Promise<T> {
  const ana = await connectJmap(homing.ports.http, ANA, 'homing');
  try {
    return await work(ana);
  } finally {
    ana.close();
  }
}

/** Ana's own copy of a message of hers. */
async function sentCopy(ana: JmapClient, id: string): Promise<string> {
  const found = await ana.call('Email/query', { filter: { subject: id, from: ANA }, limit: 100 });
  const { list } = await ana.call('Email/get', { ids: found.ids, properties: ['id', 'messageId'] });
  const own = list.find((email: { messageId: string[] | null }) => email.messageId?.includes(`${id}@crash.test`));
  assert.ok(own, `Ana sent ${id}`);
  return own.id;
}

async function recall(ana: JmapClient, emailId: string): Promise<string> {
  const asked = { emailId, mode: 'delete', recipients: null, includeRead: false, notifyMe: false, reason: null };
  const result = await ana.call('Recall/set', { create: { r: { ...asked, replacementEmailId: null } } });
  assert.ok(result.created?.r, JSON.stringify(result.notCreated));
  return result.created.r.id;
}

const count = async (text: string, params: unknown[] = []): Promise<number> =>
  (await sql<{ n: number }>(`SELECT (${text})::int AS n`, params))[0]?.n ?? 0;

const messageOf = (id: string): string => `SELECT id FROM message WHERE message_id_header = '${id}@crash.test'`;
const recallOf = (id: string): string =>
  `SELECT id FROM recall WHERE tenant_id = ${tenant} AND message_id_header = '${id}@crash.test'`;

/** Every recall ends, nothing is left to do, and the promises hold for the whole organisation. */
async function checkAll(): Promise<void> {
  await until('nothing is left to do', async () => {
    const open = await count(
      `SELECT (SELECT count(*) FROM work) + (SELECT count(*) FROM gate)
       + (SELECT count(*) FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
          WHERE s.status IS NULL OR s.status = 'sweeping')
       + (SELECT count(*) FROM delivery WHERE state IN ('held', 'queued', 'sending'))`,
    );
    return open === 0;
  });
  const world = { sql, outside: { received: () => [] } };
  await checkMailboxes(world, { tenant }, []);
  await checkEnd(world, { tenant }, []);
}

/** Four programs submit while it happens: each message that had its 250 is there once. */
async function checkAccepting(tag: string, happens: () => Promise<void>): Promise<void> {
  const accepted: string[] = [];
  const enough = Promise.withResolvers<void>();
  let ended = false;
  const submitters = Array.from({ length: 4 }, async (_, lane) => {
    const client = await connectSubmission(homing.ports.submissions, ANA, 'homing');
    try {
      for (let i = 0; !ended; i++) {
        const id = `accept-${tag}-${lane}-${i}`;
        await client.send(ANA, ['ben@pigeon.test', 'cho@pigeon.test'], letter(id, 'ben@pigeon.test'));
        accepted.push(`${id}@crash.test`);
        if (accepted.length === 150) enough.resolve();
      }
    } catch {
      // the crash; what was not answered may be there or not
    } finally {
      client.close();
    }
  });
  await enough.promise;
  await happens();
  ended = true;
  await Promise.all(submitters);
  const wrong = await sql(
    `SELECT h, a.id, count(c.uid) FROM unnest($1::text[]) AS h CROSS JOIN account a
     LEFT JOIN message m ON m.tenant_id = a.tenant_id AND m.message_id_header = h
     LEFT JOIN copy c ON c.tenant_id = a.tenant_id AND c.account_id = a.id AND c.message_id = m.id
     WHERE a.tenant_id = $2 AND a.address IN ('ana@pigeon.test', 'ben@pigeon.test', 'cho@pigeon.test')
     GROUP BY h, a.id HAVING count(c.uid) <> 1`,
    [accepted, tenant],
  );
  assert.deepEqual(wrong, []);
  await checkAll();
}

for (const { what, crash } of crashes) {
  const tag = what.replaceAll(/\W/g, '');
  describe(`${what} is killed`, () => {
    test('while it accepts: each message that had its 250 is there once', () => checkAccepting(tag, crash));

    test('while it fans out and while it sweeps: everybody had it, and nobody has', async () => {
      const id = `large-${tag}`;
      await until('it takes mail', () => send(id, 'all@pigeon.test').then(() => true));
      const copies = `SELECT count(*) FROM copy WHERE message_id IN (${messageOf(id)}) AND delivery_n IS NOT NULL`;
      await until('some have it', async () => (await count(copies)) > 0);
      const early = await count(copies);
      await crash();
      const total = await count(`SELECT total FROM submission WHERE id IN (${messageOf(id)})`);
      assert.ok(total >= PEOPLE);
      await until('all have it', async () => (await count(copies)) >= total);
      assert.equal(await count(copies), total);

      const swept = `SELECT count(*) FROM outcome WHERE recall_id IN (${recallOf(id)})`;
      await until('recalled', () => signedIn(async (ana) => recall(ana, await sentCopy(ana, id)).then(() => true)));
      await until('some are swept', async () => (await count(swept)) > 0);
      const late = await count(swept);
      await crash();
      await checkAll();
      assert.equal(await count(swept), total);
      assert.equal(await count(copies), 0);
      assert.ok(early <= total && late <= total);
    });

    test('at the gate: there is a recall, which ends, or none', async () => {
      for (let i = 0; i < 3; i++) {
        const id = `gate-${tag}-${i}`;
        await until('it takes mail', () => send(id, 'ben@pigeon.test', 'cho@pigeon.test').then(() => true));
        const answered = await signedIn(async (ana) => {
          const emailId = await sentCopy(ana, id);
          const asking = recall(ana, emailId).then(
            () => true,
            () => false,
          );
          // Earlier or later on its way.
          for (let turn = 0; turn < i * 4; turn++) await new Promise((resolve) => setImmediate(resolve));
          await crash();
          return asking;
        });
        await checkAll();
        const made = await count(`SELECT count(*) FROM recall WHERE id IN (${recallOf(id)})`);
        assert.ok(made === 1 || (made === 0 && !answered), `answered: ${answered}, recalls: ${made}`);
        const audited = `SELECT count(*) FROM audit WHERE action = 'recall.created' AND subject IN (SELECT 'r' || id FROM (${recallOf(id)}) AS r)`;
        assert.equal(await count(audited), made);
      }
    });

    test('while it sends: what may have gone out is never called intercepted', async () => {
      const id = `send-${tag}`;
      const address = `slow-${tag.toLowerCase()}@outside.test`;
      await until('it takes mail', () => send(id, 'slow@outside.test', address).then(() => true));
      const sending = `SELECT count(*) FROM delivery WHERE message_id IN (${messageOf(id)}) AND state = 'sending'`;
      await until('it is being sent', async () => (await count(sending)) > 0);
      await crash();
      await homing.kill();
      // So that nobody has to wait for it to run out.
      await homing.start();
      await sql(`UPDATE delivery SET lease_until = now() WHERE state = 'sending'`);
      await homing.kill();
      await homing.start();
      await until('the lost attempt is noticed', async () => (await count(sending)) === 0);
      await signedIn(async (ana) => recall(ana, await sentCopy(ana, id)));
      await checkAll();
      const outcomes = await sql<{ outcome: string }>(
        `SELECT outcome FROM outcome o WHERE recall_id IN (${recallOf(id)})`,
      );
      assert.ok(
        outcomes.length === 2 && outcomes.every((row) => row.outcome.startsWith('outside')),
        JSON.stringify(outcomes),
      );
    });
  });
}

test('the server is stopped in an orderly way and started again: each message that had its 250 is there once', () =>
  checkAccepting('orderly', async () => {
    await homing.stop();
    await homing.start();
  }));
