// A line between clients and a server that is cut at any octet.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Random } from '../fuzz/fuzz.ts';

export interface Proxy {
  port: number;
  /** Ends every connection where it is. */
  cut(): void;
  /** Of new connections, how many in a hundred are cut after some octets. */
  unsteady: number;
  close(): void;
}

/** Octets, in either direction, after which an unsteady connection is cut at the latest. */
const AFTER = 8_000;

export async function createProxy(target: number, random: Random): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: target });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    let left = random.below(100) < proxy.unsteady ? random.below(AFTER) : Infinity;
    const pass = (to: Socket, from: Socket) => (chunk: Buffer) => {
      if (chunk.length > left) {
        to.write(chunk.subarray(0, left), end);
        left = 0;
        return;
      }
      left -= chunk.length;
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    client.on('data', pass(upstream, client)).on('error', end).on('close', end);
    upstream.on('data', pass(client, upstream)).on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    cut: () => pairs.forEach(([client, upstream]) => (client.destroy(), upstream.destroy())),
    unsteady: 0,
    close: () => {
      proxy.cut();
      server.close();
    },
  };
  return proxy;
}
