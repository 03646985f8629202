// What the JMAP methods work with: wired in src/services.ts.

import type { Config } from '../config/config.ts';
import type { Accept } from '../delivery/accept.ts';
import type { Connections } from '../directory/connections.ts';
import type { Directory } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import type { Meter } from '../mail/meter.ts';
import type { Recalls } from '../recall/recalls.ts';
import type { Blobs } from '../store/blobs.ts';
import type { Ids } from '../store/ids.ts';
import type { MailboxCounts } from '../store/mailbox-counts.ts';
import type { Store } from '../store/postgres.ts';

export interface JmapServices {
  store: Store;
  ids: Ids;
  blobs: Blobs;
  directory: Directory;
  accept: Accept;
  recalls: Recalls;
  mailboxCounts: MailboxCounts;
  connections: Connections;
  config: Pick<Config, 'pushPrivate'>;
  clock: () => Date;
  log: Logger;
  meter: Meter;
  /** Barrier tests stop here, between two statements of a method. */
  pause?: (point: string) => Promise<void>;
}
