// The services over one store, wired: the same in the process that answers people and in the one that works behind.

import type { Config } from './config/config.ts';
import { createAccept, type Accept } from './delivery/accept.ts';
import { CONNECTION_LIMITS, createConnections, type Connections } from './directory/connections.ts';
import { createDirectory, type Directory } from './directory/directory.ts';
import { GUARD_LIMITS } from './directory/guard.ts';
import type { Logger } from './mail/log.ts';
import { NO_METER, type Meter } from './mail/meter.ts';
import { parseMessage } from './mail/mime/parse.ts';
import { meteredAccept, meteredDirectory, meteredRecalls, recallEnded } from './metered.ts';
import { createRecalls, type Recalls } from './recall/recalls.ts';
import { createBlobs, type Blobs } from './store/blobs.ts';
import type { Activity } from './store/courtesy.ts';
import { createIds, type Ids } from './store/ids.ts';
import { createMailboxCounts, type MailboxCounts } from './store/mailbox-counts.ts';
import { storeMessage } from './store/messages.ts';
import { openStore, type Connection, type Store } from './store/postgres.ts';

export interface Services {
  store: Store;
  ids: Ids;
  blobs: Blobs;
  directory: Directory;
  connections: Connections;
  accept: Accept;
  recalls: Recalls;
  mailboxCounts: MailboxCounts;
  clock: () => Date;
  log: Logger;
  meter: Meter;
  config: Config;
  close(): Promise<void>;
}

export function createServices(options: {
  connection: Connection;
  config: Config;
  log: Logger;
  meter?: Meter;
  clock?: () => Date;
  /** Connections for faces and for batches. */
  faceConnections?: number;
  batchConnections?: number;
  onBatchBackend?: (pid: number) => void;
  /** Counts what is committed here for people; and whom batches here give way to. See store/courtesy.ts. */
  activity?: Activity;
  neighbours?: Activity;
  /** See delivery/accept.ts. */
  membersAtOnce?: number;
}): Services {
  const { config, log, meter = NO_METER } = options;
  const metering = { meter, log };
  const clock = options.clock ?? (() => new Date());
  const store = openStore({
    connection: options.connection,
    ...(options.faceConnections === undefined ? {} : { faceConnections: options.faceConnections }),
    ...(options.batchConnections === undefined ? {} : { batchConnections: options.batchConnections }),
    ...(options.activity ? { activity: options.activity } : {}),
    ...(options.onBatchBackend ? { onBatchBackend: options.onBatchBackend } : {}),
    onError: (error) => log.debug({ err: error }, 'database connection'),
  });
  const ids = createIds(store);
  const blobs = createBlobs({ store, ids });
  // Trying it out, by hand or in tests, means thousands of sign-ins from one place.
  const serving = config.mode === 'serve';
  const directory = meteredDirectory(
    metering,
    createDirectory({ store, clock, limits: serving ? GUARD_LIMITS : null }),
  );
  const connections = createConnections(serving ? CONNECTION_LIMITS : null);
  const { membersAtOnce } = options;
  const accept = meteredAccept(
    metering,
    createAccept({
      store,
      ids,
      blobs,
      directory,
      clock,
      log,
      ...(membersAtOnce === undefined ? {} : { membersAtOnce }),
    }),
  );
  const recalls = createRecalls({
    store,
    ids,
    people: directory,
    submit: accept,
    storeMessage: async (tx, tenant, bytes, now) =>
      (await storeMessage(tx, { blobs, ids }, tenant, { bytes, parsed: parseMessage(bytes) }, now)).id,
    clock,
    log,
    ended: (recall) => recallEnded(metering, recall),
    ...(options.neighbours ? { neighbours: options.neighbours } : {}),
  });
  return {
    store,
    ids,
    blobs,
    directory,
    connections,
    accept,
    recalls: meteredRecalls(metering, recalls),
    mailboxCounts: createMailboxCounts(store),
    clock,
    log,
    meter,
    config,
    async close() {
      directory.close();
      await store.close();
    },
  };
}
