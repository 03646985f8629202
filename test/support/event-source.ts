// JMAP's event source (RFC 8620 §7.3) as a client reads it.

import assert from 'node:assert/strict';
import type { Client, Json } from './http.ts';

export interface Event {
  event: string;
  id?: string;
  data: Json;
}

export interface Stream {
  status: number;
  /** The next event; undefined once the server has ended it. */
  next(): Promise<Event | undefined>;
  close(): void;
}

export async function listen(
  client: Client,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Stream> {
  const abort = new AbortController();
  const search = new URLSearchParams({ types: '*', closeafter: 'no', ping: '0', ...query });
  const response = await client.fetch(`/jmap/eventsource/?${search.toString()}`, { headers, signal: abort.signal });
  const reader = response.body?.getReader();
  let text = '';
  const events: Event[] = [];
  return {
    status: response.status,
    async next() {
      while (events.length === 0) {
        const read = await reader?.read();
        if (!read || read.done) return undefined;
        text += Buffer.from(read.value).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        events.push(...blocks.filter((block) => !block.startsWith(':')).map(toEvent));
      }
      return events.shift();
    },
    close: () => abort.abort(),
  };
}

function toEvent(block: string): Event {
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
  return { ...fields, data: JSON.parse(fields['data'] ?? '{}') as Json } as Event;
}

/** A StateChange's account → type → state. */
export const changedOf = (event: Event | undefined): Record<string, Record<string, string>> => {
  assert.equal(event?.event, 'state');
  assert.equal(event.data['@type'], 'StateChange');
  return event.data['changed'] as Record<string, Record<string, string>>;
};
