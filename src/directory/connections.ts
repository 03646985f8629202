// How many connections one place and one account may have, counted by all faces of this process together.

import { placeOf } from './guard.ts';

export interface ConnectionLimits {
  /** From one IPv4 address, or one IPv6 network of 64 bits; loopback is not counted. */
  perPlace: number;
  perAccount: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { perPlace: 2000, perAccount: 100 };

export interface Connections {
  /**
   * To be called by a face for each connection, as it comes (`ip`), and again when somebody has signed in on one that stays
   * (SMTP, IMAP: `account`, as "tenant id"). Null: there are too many, so close it. What it answers is called once the connection has ended; twice does no harm.
   */
  open(of: { ip: string } | { account: string }): (() => void) | null;
}

const uncounted = (): void => undefined;

/** `limits` null: nothing is counted. */
export function createConnections(limits: ConnectionLimits | null): Connections {
  const counts = new Map<string, number>();
  return {
    open(of) {
      if (limits === null) return uncounted;
      const key = 'ip' in of ? placeOf(of.ip) : `account ${of.account}`;
      if (key === null) return uncounted;
      const now = counts.get(key) ?? 0;
      if (now >= ('ip' in of ? limits.perPlace : limits.perAccount)) return null;
      counts.set(key, now + 1);
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}
