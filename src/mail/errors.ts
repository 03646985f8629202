// Three kinds of error, mapped once per face (architecture.md, Errors).

/** The client's bytes are wrong: BAD, 501, 400. The message is shown to the client. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
}

/** A named reason why something permitted in form is not done: NO, 5xx, SetError. Nothing has changed. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: string;
  readonly detail: Record<string, unknown>;

  /** `reason` is a machine-readable word ("tooOld"), `message` the sentence a person reads. */
  constructor(reason: string, message: string, detail: Record<string, unknown> = {}) {
    super(message);
    this.reason = reason;
    this.detail = detail;
  }
}

/** Ours, and passing: the database is away, say. Told as 451, 503 or serverUnavailable; the client may try again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
