import { readConfig } from '../config/config.ts';
import { readArguments, Usage } from './arguments.ts';
import { runChecks, verified, type Checked } from './selftest/checks.ts';
import { findFaces } from './selftest/faces.ts';
import { makeProbes } from './selftest/probes.ts';
import { dataDirOf, SELFTEST, withDirectory } from './session.ts';

export const help = `send, recall and restore between probes of its own, on the Homing that runs
  homing selftest [--timeout SECONDS]
  Over submission and JMAP, as people's programs do: a message to a group and to one outside; the gate, every outcome,
  notices, counts, report, restore, audit log. Its accounts are of an organisation of its own ("${SELFTEST}",
  selftest.invalid) and are removed again; nobody else's mail is touched and nothing leaves this machine.
  Exit code 0: all is well; 1: something is not, and is said.  --json for programs (JSON Lines).`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    timeout: { type: 'string', default: '30' },
    json: { type: 'boolean' },
  });
  const timeoutMs = Number(values.timeout) * 1000;
  if (!(timeoutMs > 0)) throw new Usage(`--timeout takes a number of seconds, not "${values.timeout}".`);
  if (positionals.length > 0) throw new Usage('homing selftest takes no words; --help says more.');
  const config = readConfig('serve', [], process.env);
  const faces = await findFaces(dataDirOf(config), config);
  return withDirectory(async (session) => {
    const told = (checked: Checked): void => console.log(values.json ? JSON.stringify(checked) : lineOf(checked));
    const { store, clock } = session;
    const probes = await makeProbes(session);
    let passed = false;
    try {
      passed = await runChecks({ store, clock, faces, probes, timeoutMs, told }).catch((error: Error) => {
        told({ check: 'selftest', passed: false, ms: 0, says: error.message });
        return false;
      });
    } finally {
      const began = performance.now();
      const says = await probes
        .remove()
        .then(() => verified({ store, probes, clock }))
        .then(
          () => undefined,
          (error: Error) => error.message,
        );
      passed &&= says === undefined;
      told({
        check: 'cleaning up: the probes are gone',
        passed: says === undefined,
        ms: Math.round(performance.now() - began),
        ...(says === undefined ? {} : { says }),
      });
    }
    if (values.json) console.log(JSON.stringify({ passed }));
    else console.log(passed ? 'All is well.' : 'Not all is well.');
    return passed ? 0 : 1;
  });
}

function lineOf({ check, passed, ms, says }: Checked): string {
  return `${passed ? 'ok  ' : 'NOT '} ${check} (${ms} ms)${says === undefined ? '' : passed ? `: ${says}` : `\n     ${says}`}`;
}
