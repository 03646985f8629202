// A mailbox of a hundred thousand: only what is looked at is fetched and drawn, wherever in it one looks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { TestHoming } from '../support/homing.ts';
import { webSuite } from './support/stage.ts';

const BEN = 'ben@pigeon.test';
const MANY = 100_000;
/** Rows that a window of 768 px may draw: what it shows, a few beyond, and the one that keys act on. */
const MOST_ROWS = 40;

/** Message 1 is the newest; each is a conversation of its own, every third is unread. */
async function fill({ sql, tenant }: TestHoming): Promise<void> {
  const account = `(SELECT id FROM account WHERE tenant_id = ${tenant} AND address = '${BEN}')`;
  await sql(
    `INSERT INTO message (tenant_id, id, blob_id, size, message_id_header, thread_id, sent_at, has_attachment, subject, base_subject,
       from_text, to_text, preview, envelope, structure, created_at)
     SELECT m.tenant_id, 100000000 + n, m.blob_id, m.size, 'many-' || n || '@pigeon.test', 100000000 + n, m.sent_at, false, 'Message ' || n, NULL,
       m.from_text, m.to_text, 'Preview of ' || n, m.envelope || jsonb_build_object('subject', 'Message ' || n), m.structure, m.created_at
     FROM (SELECT m.* FROM message m JOIN copy c ON c.tenant_id = m.tenant_id AND c.message_id = m.id
       WHERE c.tenant_id = $1 AND c.account_id = ${account} AND c.mailbox_id = 1 LIMIT 1) AS m, generate_series(1, $2::int) AS n`,
    [tenant, MANY],
  );
  await sql(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, flags)
     SELECT $1, s.account_id, 1, b.uid_next + n, s.modseq + n, s.modseq + n, 100000001 + $2 - n, 100000001 + $2 - n,
       now() - interval '1 hour' - ($2 - n) * interval '1 minute', CASE WHEN n % 3 = 0 THEN 0 ELSE 1 END
     FROM account_state s JOIN mailbox b ON b.tenant_id = s.tenant_id AND b.account_id = s.account_id AND b.id = 1, generate_series(1, $2::int) AS n
     WHERE s.tenant_id = $1 AND s.account_id = ${account}`,
    [tenant, MANY],
  );
  await sql(`UPDATE account_state SET modseq = modseq + $2 + 1 WHERE tenant_id = $1 AND account_id = ${account}`, [
    tenant,
    MANY,
  ]);
  await sql(
    `UPDATE mailbox SET uid_next = uid_next + $2 + 1, total = total + $2, unread = unread + $2 / 3,
       modseq = (SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = ${account})
     WHERE tenant_id = $1 AND account_id = ${account} AND id = 1`,
    [tenant, MANY],
  );
}

interface Asked {
  requests: number;
  ids: number;
}

/** Counts what the window asks for. */
function count(page: Page): Asked {
  const asked = { requests: 0, ids: 0 };
  page.on('response', async (response) => {
    if (!response.url().endsWith('/jmap/')) return;
    asked.requests++;
    const { methodResponses = [] } = (await response.json().catch(() => ({}))) as {
      methodResponses?: [string, { list?: unknown[] }, string][];
    };
    for (const [name, { list }] of methodResponses) if (name === 'Email/get') asked.ids += list?.length ?? 0;
  });
  return asked;
}

webSuite('A mailbox of a hundred thousand', {}, (stage) => {
  test('opens, jumps, scrolls, selects, filters and takes new mail, with a few rows at a time', async () => {
    await fill(stage.homing);
    const [, first] = await stage.people([BEN]);
    assert.ok(first);
    const asked = count(first);
    await first.reload();
    const list = first.getByRole('grid', { name: 'Inbox' });
    const row = (subject: string) => list.getByRole('row', { name: `, ${subject}, ` });
    const drawn = async (): Promise<void> => {
      const rows = await list.getByRole('row').count();
      assert.ok(rows > 0 && rows <= MOST_ROWS, `${rows} rows are drawn`);
    };
    await row('Message 1').waitFor();
    const total = Number(await list.getAttribute('aria-rowcount'));
    assert.ok(total >= MANY);
    await drawn();
    assert.ok(asked.ids <= 120, `${asked.ids} rows were fetched for the first look`);

    // To the end by a key, to the middle by the wheel's way, and back.
    await list.getByRole('row').first().focus();
    await first.keyboard.press('End');
    await list.locator(`[aria-rowindex="${total}"]`).waitFor();
    await drawn();
    const scroller = list.locator('xpath=..');
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    const middle = list.locator(`[aria-rowindex="${Math.round(total / 2)}"]`);
    await middle.waitFor();
    assert.match((await middle.getAttribute('aria-label')) ?? '', /Message (?:49|50)\d{3},/);
    await drawn();

    // From here to some rows on, with the shift key.
    const at = Number(await middle.getAttribute('aria-rowindex'));
    await middle.click({ modifiers: ['ControlOrMeta'] });
    await list.locator(`[aria-rowindex="${at + 4}"]`).click({ modifiers: ['Shift'] });
    await first.getByText('5 selected').waitFor();
    await first.keyboard.press('Escape');
    await first.getByText('5 selected').waitFor({ state: 'detached' });

    await list.locator(`[aria-rowindex="${at}"]`).focus();
    await first.keyboard.press('Home');
    await row('Message 1').waitFor();
    await stage.send({ to: [BEN], subject: 'The newest of all' });
    await row('The newest of all').waitFor();
    assert.equal(Number(await list.getAttribute('aria-rowcount')), total + 1);

    await first.getByRole('button', { name: /^Filter/ }).click();
    await first.getByRole('menuitemradio', { name: 'Unread' }).click();
    await row('Message 1').waitFor({ state: 'detached' });
    await row('The newest of all').waitFor();
    assert.ok(Number(await list.getAttribute('aria-rowcount')) < total / 2);
    await drawn();
    assert.ok(asked.ids <= 1000, `${asked.ids} rows were fetched in all`);
    assert.ok(asked.requests <= 60, `${asked.requests} requests were made in all`);
  });
});
