// Passwords: argon2id in the database (RFC 9106; OWASP's parameters), a keyed digest in memory so that the Basic
// authentication of every request costs microseconds.

import { argon2, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Unavailable } from '../mail/errors.ts';

const argon2Async = promisify(argon2);

interface Parameters {
  /** KiB. */
  memory: number;
  passes: number;
  parallelism: number;
  /** Octets. */
  tagLength: number;
}

const PARAMETERS: Parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };

/** PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return phcString(PARAMETERS, salt, await derive(password, salt, PARAMETERS));
}

/** Can it be checked here: a PHC string of argon2id, of reasonable cost? What another system exported may be. */
export function isPasswordHash(phc: string): boolean {
  const known = readPhc(phc);
  if (!known) return false;
  const { memory, passes, parallelism, tagLength } = known.parameters;
  const affordable = memory >= 8 * parallelism && memory <= 1 << 20 && passes >= 1 && passes <= 100;
  const sound = parallelism >= 1 && parallelism <= 64 && tagLength >= 16 && tagLength <= 64 && known.salt.length >= 8;
  return affordable && sound;
}

function phcString({ memory, passes, parallelism }: Parameters, salt: Buffer, hash: Buffer): string {
  const encode = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(hash)}`;
}

function readPhc(phc: string): { parameters: Parameters; salt: Buffer; hash: Buffer } | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc);
  if (!match) return undefined;
  const [, memory, passes, parallelism, salt = '', encoded = ''] = match;
  const hash = Buffer.from(encoded, 'base64');
  const numbers = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { parameters: { ...numbers, tagLength: hash.length }, salt: Buffer.from(salt, 'base64'), hash };
}

/** NFC: two keyboards may write the same word in two ways (RFC 8265 §4.2.1). */
async function derive(password: string, nonce: Buffer, parameters: Parameters): Promise<Buffer> {
  return argon2Async('argon2id', { message: password.normalize('NFC'), nonce, ...parameters });
}

async function verify(password: string, phc: string): Promise<boolean> {
  const known = isPasswordHash(phc) ? readPhc(phc) : undefined;
  if (!known) return false;
  return timingSafeEqual(await derive(password, known.salt, known.parameters), known.hash);
}

export interface PasswordChecker {
  /**
   * Is `password` the one of this PHC string? Null takes as long and is always false. Throws Unavailable when very many
   * wait for their answer.
   */
  readonly check: (password: string, phc: string | null) => Promise<boolean>;
  /** Was it found right here before? At once; false says nothing. */
  readonly knows: (password: string, phc: string | null) => boolean;
}

/** Derivations at once: each takes 19 MB and a core. */
const AT_ONCE = 2;

/** Those that may wait: about ten seconds' worth. */
const WAITING = 1000;

/** Right answers remembered. */
const REMEMBERED = 100_000;

/**
 * Remembers that a password fits a hash, under a key of this process: a changed password has another hash, so what was
 * remembered is void with it. Accounts that share a hash share the answer.
 */
export function createPasswordChecker(
  derivation: (password: string, phc: string) => Promise<boolean> = verify,
): PasswordChecker {
  const key = randomBytes(32);
  const known = new Set<string>();
  const running = new Map<string, Promise<boolean>>();
  const limited = limit(AT_ONCE, WAITING);
  const nobodys = phcString(PARAMETERS, randomBytes(16), randomBytes(PARAMETERS.tagLength));

  const digestOf = (password: string, phc: string | null): string =>
    createHmac('sha256', key)
      .update(`${phc ?? ''}\0${password}`)
      .digest('base64');
  const recall = (digest: string): boolean => {
    if (!known.delete(digest)) return false;
    known.add(digest); // the order is that of use
    return true;
  };

  return {
    knows: (given, phc) => recall(digestOf(given.normalize('NFC'), phc)),
    async check(given, phc) {
      const password = given.normalize('NFC');
      const digest = digestOf(password, phc);
      if (recall(digest)) return true;
      let check = running.get(digest);
      if (!check) {
        check = limited(() => derivation(password, phc ?? nobodys)).finally(() => running.delete(digest));
        running.set(digest, check);
      }
      if (!(await check) || phc === null) return false;
      known.add(digest);
      const [oldest] = known;
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
      return true;
    },
  };
}

/** Hashes many, two at a time. */
export async function hashPasswords(passwords: string[]): Promise<string[]> {
  const limited = limit(AT_ONCE, Infinity);
  return Promise.all(passwords.map((password) => limited(() => hashPassword(password))));
}

function limit(atOnce: number, mayWait: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (work) => {
    if (free > 0) free--;
    else if (waiting.length >= mayWait) throw new Unavailable('Too many people are signing in at once. Try again.');
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
