// Passwords: argon2id in the database (RFC 9106; OWASP's parameters), a keyed digest in memory so that the Basic
// authentication of every request costs microseconds.

import { argon2, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };

const argon2Async = promisify(argon2);

/** PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const hash = await derive(password, nonce, PARAMETERS);
  const { memory, passes, parallelism } = PARAMETERS;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(nonce)}$${encode(hash)}`;
}

async function derive(password: string, nonce: Buffer, { memory, passes, parallelism, tagLength }: typeof PARAMETERS): Promise<Buffer> {
  return argon2Async('argon2id', { message: password.normalize('NFC'), nonce, memory, passes, parallelism, tagLength });
}

const encode = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

async function verify(password: string, phc: string): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc);
  if (!match) return false;
  const [, memory, passes, parallelism, nonce = '', hash = ''] = match;
  const expected = Buffer.from(hash, 'base64');
  const got = await derive(password, Buffer.from(nonce, 'base64'), {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(got, expected);
}

export interface PasswordChecker {
  /** Is `password` the one of this PHC string? Null takes as long and is always false. */
  check(password: string, phc: string | null): Promise<boolean>;
}

/** Derivations at once: each takes 19 MB and a thread. */
const AT_ONCE = 2;

/** Right answers remembered. */
const REMEMBERED = 100_000;

/**
 * Remembers that a password fits a hash, under a key of this process: a changed password has another hash, so what was
 * remembered is void with it.
 */
export function createPasswordChecker(): PasswordChecker {
  const key = randomBytes(32);
  const known = new Set<string>();
  const running = new Map<string, Promise<boolean>>();
  let free = AT_ONCE;
  const waiting: (() => void)[] = [];
  let decoy: Promise<string> | undefined;

  const limited = async (password: string, phc: string): Promise<boolean> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await verify(password, phc);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };

  return {
    async check(password, phc) {
      if (phc === null) {
        decoy ??= hashPassword(randomBytes(16).toString('hex'));
        await limited(password, await decoy);
        return false;
      }
      const digest = createHmac('sha256', key).update(`${phc}\0${password}`).digest('base64');
      if (known.has(digest)) return true;
      let check = running.get(digest);
      if (!check) {
        check = limited(password, phc).finally(() => running.delete(digest));
        running.set(digest, check);
      }
      if (!(await check)) return false;
      if (known.size >= REMEMBERED) known.clear();
      known.add(digest);
      return true;
    },
  };
}
