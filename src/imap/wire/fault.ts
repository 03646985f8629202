/** Why a command is not taken: the client is told `BAD` or `NO`, a response code if there is one, and the sentence. */
export interface Fault {
  status: 'BAD' | 'NO';
  /** RFC 9051 §7.1, RFC 5530: without its brackets. */
  code?: string;
  text: string;
  /** Nothing is saved any more (RFC 5182 §2.1). */
  unsaves?: true;
}

/** Thrown inside the parser only; parseCommand answers the fault. */
export class CommandFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

export function bad(text: string): CommandFault {
  return new CommandFault({ status: 'BAD', text });
}

export function no(code: string, text: string): CommandFault {
  return new CommandFault({ status: 'NO', code, text });
}
