// Failed sign-ins, counted in the database, so that every face of every process counts together.

import type { Reader, Store, Transaction } from './postgres.ts';

/** How soon somebody may try again after so many failures in a row. */
export interface BackOff {
  /** Failures that cost nothing. */
  free: number;
  /** Seconds: 1 after the first that is not free, twice as many after each further one, and at most this. */
  most: number;
}

/**
 * Counts one attempt against each subject, before it is known how it ends: however many come at once, no more pass than may.
 * Answers those subjects that may not try now; they are not counted.
 */
export async function countAttempt(
  store: Store,
  subjects: { subject: string; backOff: BackOff }[],
  { now, forget }: { now: Date; forget: Date },
): Promise<string[]> {
  // In one order everywhere: two attempts never wait for each other in a circle.
  const sorted = subjects.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
  const counted = await store.single<{ subject: string }>(
    `INSERT INTO sign_in_failure AS f (subject, failures, last_at, until)
     SELECT s.subject, 1, $1::timestamptz, $1::timestamptz + CASE WHEN s.free < 1 THEN make_interval(secs => least(s.most, 1)) ELSE interval '0' END
     FROM unnest($3::text[], $4::int[], $5::int[]) AS s (subject, free, most)
     ON CONFLICT (subject) DO UPDATE SET last_at = $1::timestamptz,
       failures = CASE WHEN f.last_at < $2 THEN 1 ELSE f.failures + 1 END,
       until = $1::timestamptz + make_interval(secs => CASE WHEN f.last_at < $2 THEN 0 ELSE (
         SELECT CASE WHEN f.failures + 1 > s.free THEN least(s.most, power(2, least(30, f.failures - s.free))) ELSE 0 END
         FROM unnest($3::text[], $4::int[], $5::int[]) AS s (subject, free, most) WHERE s.subject = f.subject) END)
     WHERE f.until <= $1::timestamptz RETURNING subject`,
    [
      now,
      forget,
      sorted.map((one) => one.subject),
      sorted.map((one) => one.backOff.free),
      sorted.map((one) => one.backOff.most),
    ],
  );
  const passed = new Set(counted.map((row) => row.subject));
  return sorted.map((one) => one.subject).filter((subject) => !passed.has(subject));
}

/** When the last of these may try again. */
export async function blockedUntil(reader: Reader, subjects: string[]): Promise<Date | null> {
  const row = await reader.row<{ until: Date | null }>(
    `SELECT max(until) AS until FROM sign_in_failure WHERE subject = ANY ($1::text[])`,
    [subjects],
  );
  return row?.until ?? null;
}

/** It was right after all: `clear` begin anew, `uncount` have had one attempt less, `known` is remembered. */
export async function countSuccess(
  store: Store,
  { clear, uncount, known, now }: { clear: string; uncount: string[]; known: string; now: Date },
): Promise<void> {
  await store.transact(async (tx) => {
    const subjects = [clear, known, ...uncount].toSorted();
    await tx.rows(`SELECT subject FROM sign_in_failure WHERE subject = ANY ($1::text[]) ORDER BY subject FOR UPDATE`, [
      subjects,
    ]);
    await tx.run(`DELETE FROM sign_in_failure WHERE subject = $1`, [clear]);
    await tx.run(
      `UPDATE sign_in_failure SET failures = greatest(0, failures - 1), until = $2 WHERE subject = ANY ($1::text[])`,
      [uncount, now],
    );
    await tx.run(
      `INSERT INTO sign_in_failure (subject, failures, last_at, until) VALUES ($1, 0, $2, $2)
       ON CONFLICT (subject) DO UPDATE SET failures = 0, last_at = $2, until = $2`,
      [known, now],
    );
  });
}

export async function isKnown(reader: Reader, known: string): Promise<boolean> {
  return (await reader.row(`SELECT 1 FROM sign_in_failure WHERE subject = $1`, [known])) !== undefined;
}

/** Forgets failures before `failures`, and where people signed in before `known`. */
export async function expireFailures(tx: Transaction, before: { failures: Date; known: Date }): Promise<number> {
  return tx.run(`DELETE FROM sign_in_failure WHERE last_at < $1 AND (subject NOT LIKE 'known %' OR last_at < $2)`, [
    before.failures,
    before.known,
  ]);
}
