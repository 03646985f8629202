import { checkRule, dropRule, inOrder, keepRule, NEW_RULE, type RuleForm } from '../directory/rules.ts';
import type { Account } from '../directory/directory.ts';
import { Refusal } from '../mail/errors.ts';
import type { Actions, Conditions } from '../mail/rules.ts';
import { mailboxesOf } from '../store/mailboxes.ts';
import { rulesOf, type RuleRow } from '../store/rules.ts';
import { readArguments, Usage, verbOf, yesOrNo } from './arguments.ts';
import { print, table } from './output.ts';
import { accountNamed, withDirectory, type DirectorySession } from './session.ts';

export const help = `add, list, show, set or remove an account's inbox rules
  homing rule add ACCOUNT --name NAME [condition]… [exception]… ACTION… [--order NUMBER] [--enabled yes|no]
  homing rule list ACCOUNT                in the order in which they run
  homing rule show ACCOUNT RULE
  homing rule set ACCOUNT RULE [any of those of add]      an option's new values replace its old ones; '' takes it away
  homing rule remove ACCOUNT RULE…
  Conditions, all of which must hold: --from TEXT, --to TEXT, --subject TEXT, --body TEXT (each may be given several times: any of
  them), --attachment yes|no, --min-size OCTETS, --max-size OCTETS. Exceptions: the same with --except- before it.
  Actions: --move-to MAILBOX, --mark-read yes|no, --flag yes|no, --delete yes|no, --redirect-to ADDRESS, --stop yes|no.
  Rules run when a message is accepted; what they redirect can be recalled with it.  --json for programs.`;

const WORDS = ['from', 'to', 'subject', 'body'] as const;
const many = { type: 'string', multiple: true } as const;
const one = { type: 'string' } as const;

const OPTIONS = {
  name: one,
  order: one,
  enabled: one,
  from: many,
  to: many,
  subject: many,
  body: many,
  attachment: one,
  'min-size': one,
  'max-size': one,
  'except-from': many,
  'except-to': many,
  'except-subject': many,
  'except-body': many,
  'except-attachment': one,
  'except-min-size': one,
  'except-max-size': one,
  'move-to': one,
  'mark-read': one,
  flag: one,
  delete: one,
  'redirect-to': many,
  stop: one,
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, address = '', ...ids] = positionals;
  const verb = verbOf('rule', given, ['add', 'list', 'show', 'set', 'remove'] as const);
  const wanted = { add: 0, list: 0, show: 1, set: 1, remove: Math.max(1, ids.length) }[verb];
  if (address === '' || ids.length !== wanted)
    throw new Usage(`Say homing rule ${verb} ACCOUNT${wanted === 0 ? '' : ' RULE'}; --help says more.`);
  await withDirectory(async (session) => {
    const account = await accountNamed(session, address);
    const at = { tenant: account.tenant, account: account.id };
    const { store } = session;
    switch (verb) {
      case 'add':
      case 'set': {
        const old = verb === 'set' ? await ruleNamed(session, account, ids[0] ?? '') : undefined;
        const rows = inOrder(await rulesOf(store, at));
        const start = old ? formOf(old) : { ...NEW_RULE, sortOrder: (rows.at(-1)?.sort_order ?? 0) + 1 };
        const form = await checkRule(
          { directory: session.directory, reader: store },
          account,
          await changed(session, account, start, values),
          old,
        );
        const row = await store.transact((tx) => keepRule(tx, at, form, old?.id));
        print(values.json, await shown(session, account, row), () => `${old ? 'Changed' : 'Added'} u${row.id}.`);
        break;
      }
      case 'list': {
        const rules = await Promise.all(inOrder(await rulesOf(store, at)).map((row) => shown(session, account, row)));
        print(values.json, rules, () =>
          table(
            rules.map((rule) => ({
              id: rule['id'],
              order: rule['sortOrder'],
              enabled: rule['isEnabled'] ? 'yes' : 'no',
              name: rule['name'],
              if: said(rule['conditions']),
              'but not if': said(rule['exceptions']),
              does: said(rule['actions']),
            })),
            ['id', 'order', 'enabled', 'name', 'if', 'but not if', 'does'],
          ),
        );
        break;
      }
      case 'show': {
        const rule = await shown(session, account, await ruleNamed(session, account, ids[0] ?? ''));
        print(values.json, rule, () =>
          Object.entries(rule)
            .map(
              ([name, value]) =>
                `${name.padEnd(11)} ${typeof value === 'object' ? said(value) : `${value as string | number | boolean}`}`,
            )
            .join('\n'),
        );
        break;
      }
      case 'remove': {
        for (const id of ids) {
          const row = await ruleNamed(session, account, id);
          await store.transact((tx) => dropRule(tx, at, row.id));
        }
        print(values.json, { removed: ids }, () => ids.map((id) => `Removed ${id}.`).join('\n'));
        break;
      }
    }
  });
  return 0;
}

const formOf = (row: RuleRow): RuleForm => ({
  name: row.name,
  isEnabled: row.enabled,
  sortOrder: row.sort_order,
  conditions: row.conditions,
  exceptions: row.exceptions,
  actions: row.actions,
});

async function ruleNamed({ store }: DirectorySession, account: Account, given: string): Promise<RuleRow> {
  const rows = inOrder(await rulesOf(store, { tenant: account.tenant, account: account.id }));
  const row = rows.find(({ id }) => `u${id}` === given);
  if (!row) throw new Refusal('notFound', `${account.address} has no rule ${given}.`);
  return row;
}

/** As InboxRule has it, but that its mailbox is named. */
async function shown(session: DirectorySession, account: Account, row: RuleRow): Promise<Record<string, unknown>> {
  const { moveTo, ...actions } = row.actions;
  const name =
    moveTo === undefined ? undefined : (await boxesOf(session, account)).find(({ id }) => id === moveTo)?.name;
  return {
    id: `u${row.id}`,
    ...formOf(row),
    actions: { ...(moveTo === undefined ? {} : { moveTo: name ?? null }), ...actions },
  };
}

async function boxesOf({ store }: DirectorySession, account: Account): Promise<{ id: number; name: string }[]> {
  return (await mailboxesOf(store, { tenant: account.tenant, account: account.id }, false)).list;
}

function said(value: unknown): string {
  return Object.entries(value as Conditions | Actions)
    .map(([name, part]) =>
      part === true ? name : `${name} ${Array.isArray(part) ? part.join(' | ') : `${part as string | number}`}`,
    )
    .join(', ');
}

async function changed(
  session: DirectorySession,
  account: Account,
  start: RuleForm,
  values: Values,
): Promise<Record<string, unknown>> {
  const actions: Record<string, unknown> = { ...start.actions };
  const box = values['move-to'];
  if (box === '') delete actions['moveTo'];
  else if (box !== undefined) {
    const found = (await boxesOf(session, account)).filter(({ name }) => name.toLowerCase() === box.toLowerCase());
    if (found.length !== 1)
      throw new Refusal(
        'notFound',
        `${account.address} has ${found.length === 0 ? 'no mailbox' : 'several mailboxes'} "${box}".`,
      );
    actions['moveTo'] = found[0]?.id;
  }
  for (const [option, name] of [
    ['mark-read', 'markRead'],
    ['flag', 'flag'],
    ['delete', 'delete'],
    ['stop', 'stop'],
  ] as const)
    if (values[option] !== undefined) actions[name] = yesOrNo(`--${option}`, values[option]);
  if (values['redirect-to']) actions['redirectTo'] = words(values['redirect-to']);
  return {
    name: values.name ?? start.name,
    isEnabled: yesOrNo('--enabled', values.enabled) ?? start.isEnabled,
    sortOrder: values.order === undefined ? start.sortOrder : numberIn('--order', values.order),
    conditions: conditionsIn(start.conditions, values, ''),
    exceptions: conditionsIn(start.exceptions, values, 'except-'),
    actions,
  };
}

function conditionsIn(start: Conditions, values: Values, prefix: '' | 'except-'): Record<string, unknown> {
  const result: Record<string, unknown> = { ...start };
  for (const word of WORDS) {
    const given = values[`${prefix}${word}`];
    if (given) result[word] = words(given);
  }
  for (const [option, name] of [
    ['min-size', 'minSize'],
    ['max-size', 'maxSize'],
  ] as const) {
    const given = values[`${prefix}${option}`];
    if (given === '') delete result[name];
    else if (given !== undefined) result[name] = numberIn(`--${prefix}${option}`, given);
  }
  const attachment = values[`${prefix}attachment`];
  if (attachment === '') delete result['hasAttachment'];
  else if (attachment !== undefined) result['hasAttachment'] = yesOrNo(`--${prefix}attachment`, attachment);
  return result;
}

const words = (given: string[]): string[] => given.filter((word) => word !== '');

function numberIn(option: string, given: string): number {
  if (!/^\d{1,15}$/.test(given)) throw new Usage(`${option} takes a whole number, not "${given}".`);
  return Number(given);
}
