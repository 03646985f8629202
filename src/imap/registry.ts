// Every verb there is.

import { append } from './commands/append.ts';
import { copy, move } from './commands/copy.ts';
import { expunge } from './commands/expunge.ts';
import { fetch } from './commands/fetch.ts';
import { idle } from './commands/idle.ts';
import { list, lsub } from './commands/list.ts';
import { create, remove, rename, subscribe, unsubscribe } from './commands/manage.ts';
import { capability, check, enable, id, logout, namespace, noop, startTls } from './commands/plain.ts';
import { search } from './commands/search.ts';
import { close, select, unselect } from './commands/select.ts';
import { authenticate, login } from './commands/sign-in.ts';
import { status } from './commands/status.ts';
import { store } from './commands/store.ts';
import { bad } from './replies.ts';
import type { Verb, VerbName } from './verb.ts';

/** One that is understood, and not offered. */
const absent: Verb<VerbName> = {
  state: 'any',
  news: 'none',
  async run() {
    throw bad('There is no such command.');
  },
};

export const VERBS: { readonly [V in VerbName]: Verb<V> } = {
  CAPABILITY: capability,
  NOOP: noop,
  LOGOUT: logout,
  STARTTLS: startTls,
  NAMESPACE: namespace,
  IDLE: idle,
  CHECK: check,
  CLOSE: close,
  UNSELECT: unselect,
  AUTHENTICATE: authenticate,
  LOGIN: login,
  ID: id,
  ENABLE: enable,
  COMPRESS: absent,
  SELECT: select,
  EXAMINE: select,
  CREATE: create,
  DELETE: remove,
  SUBSCRIBE: subscribe,
  UNSUBSCRIBE: unsubscribe,
  GETQUOTAROOT: absent,
  GETQUOTA: absent,
  RENAME: rename,
  LIST: list,
  LSUB: lsub,
  STATUS: status,
  APPEND: append,
  SEARCH: search,
  SORT: absent,
  THREAD: absent,
  FETCH: fetch,
  STORE: store,
  COPY: copy,
  MOVE: move,
  EXPUNGE: expunge,
};
