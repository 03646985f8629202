// Every verb there is.

import { append } from './commands/append.ts';
import { cancelUpdate } from './commands/cancel-update.ts';
import { compress } from './commands/compress.ts';
import { copy, move } from './commands/copy.ts';
import { expunge } from './commands/expunge.ts';
import { fetch } from './commands/fetch.ts';
import { idle } from './commands/idle.ts';
import { list, lsub } from './commands/list.ts';
import { create, remove, rename, subscribe, unsubscribe } from './commands/manage.ts';
import { capability, check, enable, id, logout, namespace, noop, startTls } from './commands/plain.ts';
import { getQuota, getQuotaRoot } from './commands/quota.ts';
import { search } from './commands/search.ts';
import { close, select, unselect } from './commands/select.ts';
import { authenticate, login } from './commands/sign-in.ts';
import { sort } from './commands/sort.ts';
import { status } from './commands/status.ts';
import { store } from './commands/store.ts';
import { thread } from './commands/thread.ts';
import type { Verb, VerbName } from './verb.ts';

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
  COMPRESS: compress,
  SELECT: select,
  EXAMINE: select,
  CREATE: create,
  DELETE: remove,
  SUBSCRIBE: subscribe,
  UNSUBSCRIBE: unsubscribe,
  GETQUOTAROOT: getQuotaRoot,
  GETQUOTA: getQuota,
  RENAME: rename,
  LIST: list,
  LSUB: lsub,
  STATUS: status,
  APPEND: append,
  CANCELUPDATE: cancelUpdate,
  SEARCH: search,
  SORT: sort,
  THREAD: thread,
  FETCH: fetch,
  STORE: store,
  COPY: copy,
  MOVE: move,
  EXPUNGE: expunge,
};
