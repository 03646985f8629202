// IDLE (RFC 9051 §6.3.13): news as it comes, until DONE. The connection tells it (connection.ts).

import type { Verb } from '../verb.ts';

export const idle: Verb<'IDLE'> = {
  state: 'authenticated',
  news: 'none',
  async run(session, _command, tag) {
    session.out.line('+ idling');
    session.idling = tag;
    return null;
  },
};
