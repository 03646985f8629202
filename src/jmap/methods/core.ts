import type { Method } from '../wire.ts';

/** Core/echo (RFC 8620 §4). */
export const echo: Method = (args) => Promise.resolve(args);
