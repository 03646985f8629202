// Messages and mailboxes that are dragged: what goes into a drag, and what comes out of a drop.

/** Its value is a Dragged in JSON. */
export const EMAILS_TYPE = 'application/x-homing-emails';
export const MAILBOX_TYPE = 'application/x-homing-mailbox';

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
  transfer.effectAllowed = 'move';
}

/** Null: something else was dropped. */
export function dropped(transfer: Pick<DataTransfer, 'getData'>, type: string): Dragged | null {
  const data = transfer.getData(type);
  return data === '' ? null : (JSON.parse(data) as Dragged);
}
