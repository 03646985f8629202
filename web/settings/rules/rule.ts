// InboxRule (docs/jmap-rules.md), what its form holds, and how a rule is said in a sentence.

import type { Actions as MailActions, Conditions } from '../../../src/mail/rules.ts';

export type { Conditions } from '../../../src/mail/rules.ts';

/** A mailbox goes by its JMAP id here. */
export type Actions = Omit<MailActions, 'moveTo'> & { moveTo?: string };

export interface InboxRule {
  id: string;
  name: string;
  isEnabled: boolean;
  sortOrder: number;
  conditions: Conditions;
  exceptions: Conditions;
  actions: Actions;
}

/** As the form's fields have them: texts one in a line, sizes in kilobytes. */
export interface ConditionFields {
  from: string;
  to: string;
  subject: string;
  body: string;
  attachment: '' | 'with' | 'without';
  minSize: string;
  maxSize: string;
}

export const WORDS = ['from', 'to', 'subject', 'body'] as const;

const KILOBYTE = 1024;

export function fieldsOf(conditions: Conditions): ConditionFields {
  const { hasAttachment, minSize, maxSize } = conditions;
  const text = (list: string[] | undefined): string => (list ?? []).join('\n');
  return {
    from: text(conditions.from),
    to: text(conditions.to),
    subject: text(conditions.subject),
    body: text(conditions.body),
    attachment: hasAttachment === undefined ? '' : hasAttachment ? 'with' : 'without',
    minSize: minSize === undefined ? '' : String(minSize / KILOBYTE),
    maxSize: maxSize === undefined ? '' : String(maxSize / KILOBYTE),
  };
}

export function conditionsOf(fields: ConditionFields): Conditions {
  const conditions: Conditions = {};
  for (const word of WORDS) {
    const list = linesOf(fields[word]);
    if (list.length > 0) conditions[word] = list;
  }
  if (fields.attachment !== '') conditions.hasAttachment = fields.attachment === 'with';
  for (const size of ['minSize', 'maxSize'] as const)
    if (fields[size].trim() !== '') conditions[size] = Math.round(Number(fields[size]) * KILOBYTE);
  return conditions;
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const LABELS = { from: 'from', to: 'to', subject: 'subject has', body: 'text has' } as const;

function sayConditions(conditions: Conditions, between: string): string {
  const { hasAttachment, minSize, maxSize } = conditions;
  const parts = WORDS.flatMap((word) => {
    const list = conditions[word];
    return list ? [`${LABELS[word]} ${list.map((one) => `"${one}"`).join(' or ')}`] : [];
  });
  if (hasAttachment !== undefined) parts.push(hasAttachment ? 'with an attachment' : 'without attachments');
  if (minSize !== undefined) parts.push(`${sayKilobytes(minSize)} or more`);
  if (maxSize !== undefined) parts.push(`less than ${sayKilobytes(maxSize)}`);
  return parts.join(between);
}

function sayKilobytes(octets: number): string {
  return `${(octets / KILOBYTE).toLocaleString('en', { maximumFractionDigits: 1 })} kB`;
}

/** "From "ana": move to Archive, mark as read. Not if subject has "urgent"." */
export function sayRule(rule: InboxRule, nameOf: (mailboxId: string) => string | undefined): string {
  const { conditions, exceptions, actions } = rule;
  const does: string[] = [];
  if (actions.moveTo !== undefined) does.push(`move to ${nameOf(actions.moveTo) ?? 'a mailbox that is gone'}`);
  if (actions.delete) does.push('delete');
  if (actions.markRead) does.push('mark as read');
  if (actions.flag) does.push('flag');
  if (actions.redirectTo) does.push(`forward to ${actions.redirectTo.join(', ')}`);
  if (actions.stop) does.push('then stop');
  const when = sayConditions(conditions, ', ') || 'every message';
  const unless = sayConditions(exceptions, ' or ');
  return `${when.charAt(0).toUpperCase()}${when.slice(1)}: ${does.join(', ')}.${unless === '' ? '' : ` Not if ${unless}.`}`;
}

/** The orders to set so that the rule at `from` stands at `to`. */
export function moved(rules: readonly InboxRule[], from: number, to: number): Record<string, { sortOrder: number }> {
  const order = [...rules];
  const [rule] = order.splice(from, 1);
  if (rule) order.splice(to, 0, rule);
  return Object.fromEntries(
    order.flatMap((one, i) => (one.sortOrder === i + 1 ? [] : [[one.id, { sortOrder: i + 1 }]])),
  );
}
