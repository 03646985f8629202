// Messages and mailboxes that are dragged: what goes into a drag, and what comes out of a drop.

/** Its value is a Dragged in JSON. */
export const EMAILS_TYPE = 'application/x-homing-emails';
const MAILBOX_TYPE = 'application/x-homing-mailbox';
/** While it hangs over something only the types of a drag can be read: one of them says which mailbox it is. */
const NAMED = `${MAILBOX_TYPE}-`;

export interface Dragged {
  accountId: string;
  /** Emails, or one mailbox. */
  ids: string[];
}

/** For a row's onDragStart. */
export function dragEmails(transfer: DataTransfer, accountId: string, ids: string[]): void {
  transfer.setData(EMAILS_TYPE, JSON.stringify({ accountId, ids } satisfies Dragged));
  transfer.effectAllowed = 'move';
}

export function dragMailbox(transfer: DataTransfer, accountId: string, id: string): void {
  transfer.setData(MAILBOX_TYPE, JSON.stringify({ accountId, ids: [id] } satisfies Dragged));
  transfer.setData(NAMED + named(accountId, id), '');
  transfer.effectAllowed = 'move';
}

/** Which mailbox of this account hangs over something; undefined: none of it does. */
export function mailboxOver({ types }: Pick<DataTransfer, 'types'>, accountId: string): string | undefined {
  const prefix = NAMED + named(accountId, '');
  return types.find((type) => type.startsWith(prefix))?.slice(prefix.length);
}

/** Browsers make types small letters, which ids are. */
function named(accountId: string, id: string): string {
  return `${accountId}-${id}`;
}

/** Null: something else was dropped. */
export function dropped(transfer: Pick<DataTransfer, 'getData'>, type: string): Dragged | null {
  const data = transfer.getData(type);
  return data === '' ? null : (JSON.parse(data) as Dragged);
}
