// COMPRESS DEFLATE (RFC 4978).

import { no, ok } from '../replies.ts';
import type { Verb } from '../verb.ts';

export const compress: Verb<'COMPRESS'> = {
  state: 'authenticated',
  news: 'none',
  async run(session, { mechanism }) {
    if (mechanism !== 'DEFLATE') throw no('CANNOT', 'There is no such mechanism; DEFLATE is.');
    if (session.compressed) throw no('COMPRESSIONACTIVE', 'It is compressed.');
    session.after = 'compress';
    return ok('Begin now.');
  },
};
