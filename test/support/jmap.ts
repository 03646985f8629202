// JMAP methods, called as dispatch.ts calls them, on a store of the test's own.

import { createAccept } from '../../src/delivery/accept.ts';
import { createConnections } from '../../src/directory/connections.ts';
import { createDirectory, type Account } from '../../src/directory/directory.ts';
import { toMethodError } from '../../src/jmap/errors.ts';
import { CAPABILITY, type Method, type MethodContext, type Reply } from '../../src/jmap/wire.ts';
import { SILENT } from '../../src/mail/log.ts';
import { NO_METER } from '../../src/mail/meter.ts';
import { parseMessage } from '../../src/mail/mime/parse.ts';
import { createRecalls } from '../../src/recall/recalls.ts';
import { storeMessage } from '../../src/store/messages.ts';
import { createMailboxCounts } from '../../src/store/mailbox-counts.ts';
import { testMail, type TestMail } from './mailboxes.ts';

type Json = Record<string, unknown>;

export interface JmapUser {
  account: number;
  accountId: string;
  context: MethodContext;
  /** The method's own result; an error comes as dispatch.ts tells it, { type, … }. */
  call(method: Method, args: Json): Promise<Json>;
  /** All responses of a method that may give several. */
  replies(method: Method, args: Json): Promise<Reply[]>;
}

export interface TestJmap extends TestMail {
  now: Date;
  /** A person with an account; `shares`: accounts that they may use as well. */
  newUser(name: string, shares?: number[]): Promise<JmapUser>;
}

export async function testJmap(): Promise<TestJmap> {
  const mail = await testMail();
  const { store, ids, blobs, tenant } = mail;
  const now = new Date('2026-11-23T13:00:00Z');
  const clock = (): Date => now;
  const directory = createDirectory({ store });
  const accept = createAccept({ store, ids, blobs, directory, clock });
  const recalls = createRecalls({
    store,
    ids,
    people: directory,
    submit: accept,
    storeMessage: async (tx, of, bytes, at) =>
      (await storeMessage(tx, { blobs, ids }, of, { bytes, parsed: parseMessage(bytes) }, at)).id,
    clock,
    log: SILENT,
  });
  const accountOf = async (id: number): Promise<Account> => {
    const account = await directory.account(tenant, id);
    if (!account) throw new Error(`no account ${id}`);
    return account;
  };
  return {
    ...mail,
    now,
    async newUser(name, shares = []) {
      const account = await mail.newAccount(name);
      const user = await accountOf(account);
      const accounts = new Map([[`a${account}`, user]]);
      for (const id of shares) accounts.set(`a${id}`, await accountOf(id));
      const context: MethodContext = {
        store,
        ids,
        blobs,
        directory,
        accept,
        recalls,
        mailboxCounts: createMailboxCounts(store, { large: 0 }),
        connections: createConnections(null),
        config: { pushPrivate: false },
        credential: '',
        clock,
        log: SILENT,
        meter: NO_METER,
        user,
        accounts,
        using: Object.values(CAPABILITY),
        createdIds: new Map<string, string>(),
        program: 'Test Mail',
      };
      const replies = async (method: Method, args: Json): Promise<Reply[]> => {
        try {
          const result = await method({ accountId: `a${account}`, ...args }, context);
          return Array.isArray(result) ? result : [['', result]];
        } catch (error) {
          const told = toMethodError(error);
          if (told === null) throw error;
          return [['error', told]];
        }
      };
      return {
        account,
        accountId: `a${account}`,
        context,
        replies,
        call: async (method, args) => (await replies(method, args))[0]?.[1] ?? {},
      };
    },
    async close() {
      directory.close();
      await mail.close();
    },
  };
}
