// The IMAP faces over a store of the test's own, without the rest of Homing: mail is put straight into the store.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCertificate } from '../../src/config/certificate.ts';
import { createConnections, type Connections } from '../../src/directory/connections.ts';
import { createDirectory } from '../../src/directory/directory.ts';
import { startImapFaces } from '../../src/imap/faces.ts';
import { SILENT } from '../../src/mail/log.ts';
import type { Pause } from '../../src/store/exposure.ts';
import { rawImap, type RawImap } from './imap.ts';
import { testMail, type TestMail } from './mailboxes.ts';

export interface ImapMail extends TestMail {
  /** Somebody signed in; any password is theirs. */
  signIn(name: string): Promise<RawImap>;
  ports: { imap: number; imaps: number };
  /** Where commands stop from now on. */
  pauseAt(pause: Pause | undefined): void;
}

export async function imapMail(options: { connections?: Connections } = {}): Promise<ImapMail> {
  const mail = await testMail();
  const { store, ids, blobs } = mail;
  const directory = createDirectory({ store });
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-imap-'));
  let pause: Pause | undefined;
  const faces = await startImapFaces({
    store,
    ids,
    blobs,
    directory: {
      ...directory,
      async signIn(address) {
        const target = await directory.resolve(address);
        const account = target.kind === 'account' ? await directory.account(target.tenant, target.account) : undefined;
        return account ? { account, credential: '', mark: '' } : null;
      },
      holds: async () => true,
    },
    connections: options.connections ?? createConnections(null),
    recalls: { request: () => Promise.reject(new Error('nobody recalls here')) },
    clock: () => new Date('2026-11-23T13:00:00Z'),
    log: SILENT,
    config: {
      host: '127.0.0.1',
      ports: { http: 0, smtp: 0, submission: 0, submissions: 0, lmtp: 0, imap: 0, imaps: 0 },
    },
    tls: await loadCertificate({ dataDir, hostname: 'localhost', tlsKey: undefined, tlsCert: undefined }),
    pause: async (point) => pause?.(point),
  });
  return {
    ...mail,
    ports: faces.ports,
    signIn: (name) => rawImap(faces.ports.imaps, { user: `${name}@pigeon.test` }),
    pauseAt: (next) => void (pause = next),
    async close() {
      await faces.close();
      directory.close();
      await mail.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
