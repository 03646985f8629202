// The command on a living system: it passes where all is well, says what is wrong where a promise is broken, and leaves
// nobody behind.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freePorts } from '../../bench/support/server.ts';
import { run as audit } from '../../src/cli/audit.ts';
import { run as selftest } from '../../src/cli/selftest.ts';
import { SELFTEST } from '../../src/cli/session.ts';
import { testCommand } from '../support/directory.ts';
import { startTestHoming } from '../support/homing.ts';

const homing = await startTestHoming({ workers: true, realTime: true });
const command = await testCommand(homing.connection, (args) => (args[0] === 'audit' ? audit : selftest)(args.slice(1)));
const facesFile = join(process.env['HOMING_DATA'] ?? '', 'faces.json');
const faces = { host: '0.0.0.0', ports: homing.ports };
await writeFile(facesFile, JSON.stringify(faces));
after(async () => {
  await command.close();
  await homing.close();
});

const left = async (): Promise<number> =>
  (
    await homing.sql<{ n: number }>(
      `SELECT (SELECT count(*) FROM account a JOIN tenant t ON t.id = a.tenant_id WHERE t.name = $1)::int
            + (SELECT count(*) FROM mail_group g JOIN tenant t ON t.id = g.tenant_id WHERE t.name = $1)::int AS n`,
      [SELFTEST],
    )
  )[0]?.n ?? 0;

interface Line {
  check?: string;
  passed: boolean;
  says?: string;
}

const linesOf = (out: string): Line[] => out.split('\n').map((line) => JSON.parse(line) as Line);

test('it passes on a living system, twice, and leaves nobody', async (context) => {
  const people = await command.homing(context, 'selftest');
  assert.equal(people.code, 0, people.out);
  assert.match(people.out, /^ok {3}P1: /m);
  assert.match(people.out, /All is well\.$/);
  const programs = await command.homing(context, 'selftest', '--json');
  assert.equal(programs.code, 0, programs.out);
  const lines = linesOf(programs.out);
  assert.ok(lines.length >= 13 && lines.every((line) => line.passed), programs.out);
  assert.equal(await left(), 0);
  assert.deepEqual(
    homing.outside.received().filter((mail) => mail.from.includes('selftest')),
    [],
  );
});

test('nobody has to name their organisation because of its', async (context) => {
  assert.equal((await command.homing(context, 'audit', '--tenant', SELFTEST)).code, 0);
  await assert.rejects(command.homing(context, 'audit'), /Which tenant\?.*pigeon\.test \| other\.test\.$/);
});

test('a gate that hides nothing is noticed', async (context) => {
  const [view] = await homing.sql<{ text: string }>(`SELECT pg_get_viewdef('visible_copy'::regclass) AS text`);
  await homing.sql(`CREATE OR REPLACE VIEW visible_copy AS SELECT c.* FROM copy c`);
  // So that the sweep does not take away first what the gate should hide.
  await homing.services.recalls.worker.stop();
  const { code, out } = await command.homing(context, 'selftest', '--json', '--timeout', '1');
  homing.services.recalls.worker.start();
  await homing.sql(`CREATE OR REPLACE VIEW visible_copy AS ${view?.text}`);
  assert.equal(code, 1);
  const wrong = linesOf(out).filter((line) => !line.passed);
  assert.match(wrong.find((line) => line.check?.startsWith('P1'))?.says ?? '', /^what unread is shown/);
  assert.match(wrong.find((line) => line.check?.startsWith('P2'))?.says ?? '', /not within 1 s: the recall is done/);
  assert.equal(await left(), 0);
});

test('a wrong outcome is noticed', async (context) => {
  await homing.sql(
    `CREATE FUNCTION wrong() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.outcome := 'recalled'; RETURN NEW; END $$`,
  );
  await homing.sql(
    `CREATE TRIGGER wrong BEFORE INSERT ON outcome FOR EACH ROW WHEN (NEW.outcome = 'kept-read') EXECUTE FUNCTION wrong()`,
  );
  const { code, out } = await command.homing(context, 'selftest', '--json');
  await homing.sql(`DROP TRIGGER wrong ON outcome`);
  assert.equal(code, 1);
  const wrong = linesOf(out)
    .filter((line) => !line.passed)
    .map((line) => line.check?.split(':')[0]);
  assert.ok(wrong.includes('P2') && wrong.includes('store'), out);
  assert.equal(await left(), 0);
});

test('a face that does not answer is said', async (context) => {
  const [closed] = await freePorts(1);
  await writeFile(facesFile, JSON.stringify({ ...faces, ports: { ...homing.ports, http: closed } }));
  const { code, out } = await command.homing(context, 'selftest', '--json');
  assert.equal(code, 1);
  assert.match(linesOf(out)[1]?.says ?? '', /does not answer: .*ECONNREFUSED/);
  await writeFile(facesFile, JSON.stringify(faces));
  assert.equal(await left(), 0);
});
