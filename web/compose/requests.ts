export type ComposeRequest =
  | { kind: 'new'; to?: string[]; subject?: string }
  | { kind: 'reply' | 'replyAll' | 'forward' | 'resend'; accountId: string; emailId: string }
  | { kind: 'draft'; accountId: string; emailId: string }
  | {
      kind: 'replacement';
      accountId: string;
      /** The original. */
      emailId: string;
      /** Null: the recall happens at Send. */
      recallId: string | null;
      options: { notifyMe: boolean; includeRead: boolean; reason: string | null; recipients: string[] | null };
    };

export function openComposer(_request: ComposeRequest): void {
  // Its owner's.
}
