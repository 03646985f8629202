// What clients asked and were told, in ticks of one counter: what ended before another's beginning came earlier.

export interface Sent {
  token: string;
  recipients: string[];
  /** 250 was read; else the connection broke, and it may be there or not. */
  told: boolean;
  /** It was a draft first, and may be one still. */
  isDraft?: boolean;
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
  byAdministrator?: boolean;
}

/** Stored by its owner's program itself. */
interface Appended {
  who: string;
  token: string;
  /** Of its place in Archive, as APPENDUID told; null: no answer came. */
  uid: number | null;
}

interface RestoreAsked {
  recallId: number;
  began: number;
  /** It was answered with yes. */
  told: boolean;
}

export interface Told {
  tick(): number;
  people: number;
  sent: Sent[];
  /** Text of the message was handed out. */
  content: Asked[];
  /** It was found by a search, or its subject shown. */
  listed: Asked[];
  /** Opening it was asked for: $seen, or its text without PEEK; the token '*' stands for any. */
  opened: Asked[];
  /** Destroying it for good was asked for. */
  destroyed: Asked[];
  appended: Appended[];
  recalls: RecallAsked[];
  /** Recalls that were refused, by reason. */
  refused: Map<string, number>;
  cancelled: number[];
  restores: RestoreAsked[];
  /** Changes of policy that were made, and those of which it is not known. */
  policies: { made: number; unknown: number };
  /** What IMAP sessions did, by verb. */
  commands: Map<string, number>;
  /** Errors that are none of a broken line or of a server that is away. */
  wrong: string[];
}

/** `people`: that many are in the group to which everything for everyone goes. */
export function createTold(people: number): Told {
  let now = 0;
  return {
    tick: () => ++now,
    people,
    sent: [],
    content: [],
    listed: [],
    opened: [],
    destroyed: [],
    appended: [],
    recalls: [],
    refused: new Map(),
    cancelled: [],
    restores: [],
    policies: { made: 0, unknown: 0 },
    commands: new Map(),
    wrong: [],
  };
}
