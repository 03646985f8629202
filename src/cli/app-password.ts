import { createAppPasswords } from '../directory/app-passwords.ts';
import type { AppPasswordRow } from '../store/app-passwords.ts';
import { readArguments, Usage, verbOf } from './arguments.ts';
import { print, table } from './output.ts';
import { accountNamed, withDirectory } from './session.ts';

export const help = `add, list or remove an account's app passwords, each for one program
  homing app-password add ACCOUNT NAME          prints the password: it is shown this once
  homing app-password list ACCOUNT              what there is, and where each was last used from
  homing app-password remove ACCOUNT ID…        void at once, on every face
  A program signs in with the account's address and this password.  --json for programs.`;

const OPTIONS = { json: { type: 'boolean' } } as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, address = '', ...words] = positionals;
  const verb = verbOf('app-password', given, ['add', 'list', 'remove'] as const);
  const wanted = { add: 1, list: 0, remove: Math.max(1, words.length) }[verb];
  if (address === '' || words.length !== wanted)
    throw new Usage(
      `Say homing app-password ${verb} ACCOUNT${{ add: ' NAME', list: '', remove: ' ID…' }[verb]}; --help says more.`,
    );
  await withDirectory(async (session) => {
    const account = await accountNamed(session, address);
    const passwords = createAppPasswords(session);
    switch (verb) {
      case 'add': {
        const { password, ...row } = await passwords.add(account, words[0] ?? '');
        print(values.json, { ...shown(row), password }, () => password);
        break;
      }
      case 'list': {
        const rows = (await passwords.list(account)).map(shown);
        print(values.json, rows, () => table(rows, ['id', 'name', 'createdAt', 'lastUsedAt', 'lastUsedBy']));
        break;
      }
      case 'remove': {
        for (const id of words) await passwords.remove(account, numberOf(id));
        print(values.json, { removed: words }, () => words.map((id) => `Removed ${id}.`).join('\n'));
        break;
      }
    }
  });
  return 0;
}

const shown = ({ id, name, created_at, last_used_at, last_used_by }: AppPasswordRow) => ({
  id: `p${id}`,
  name,
  createdAt: created_at,
  lastUsedAt: last_used_at,
  lastUsedBy: last_used_by,
});

/** "p123456" as list has it. Throws Usage. */
function numberOf(id: string): number {
  if (!/^p\d{1,9}$/.test(id)) throw new Usage(`An app password is named as list has it, as in p123456, not "${id}".`);
  return Number(id.slice(1));
}
