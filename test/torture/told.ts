// What clients asked and were told, in ticks of one counter: what ended before another's beginning came earlier.

export interface Sent {
  token: string;
  recipients: string[];
  /** 250 was read; else the connection broke, and it may be there or not. */
  told: boolean;
}

/** Somebody asked for something about the message `token`. */
interface Asked {
  who: string;
  token: string;
  began: number;
  /** Infinity: no answer came. */
  ended: number;
}

export interface RecallAsked {
  token: string;
  began: number;
  ended: number;
  /** Null: no answer came. */
  recallId: number | null;
  includeRead: boolean;
}

export interface Told {
  tick(): number;
  sent: Sent[];
  /** Text of the message was handed out. */
  content: Asked[];
  /** $seen was asked for. */
  opened: Asked[];
  recalls: RecallAsked[];
  cancelled: number[];
  restored: number[];
  /** Errors that are none of a broken line or of a server that is away. */
  wrong: string[];
}

export function createTold(): Told {
  let now = 0;
  return { tick: () => ++now, sent: [], content: [], opened: [], recalls: [], cancelled: [], restored: [], wrong: [] };
}
