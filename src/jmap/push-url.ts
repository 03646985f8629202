// Where a push may go: never into a private network, unless the administrator has said so (RFC 8620 §8.6).

import { BlockList, isIP, isIPv6 } from 'node:net';

const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv4');
// Of what is in 2000::/3: Teredo, ORCHID, documentation and 6to4 lead elsewhere.
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv6');

const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

/** Is this address (no name) one that everybody on the Internet can reach? */
export function isPublicAddress(address: string): boolean {
  if (isIPv6(address)) return GLOBAL.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
  return isIP(address) === 4 && !PRIVATE.check(address, 'ipv4');
}

/** The URL, if something may be sent there; what its name leads to is looked at when it is sent (push-post.ts). */
export function pushUrl(given: unknown, allowPrivate: boolean): URL | null {
  if (typeof given !== 'string' || given.length > 2000 || !URL.canParse(given)) return null;
  const url = new URL(given);
  if (url.username !== '' || url.password !== '') return null;
  // RFC 8620 §7.2: "This MUST begin with https://".
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return null;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (allowPrivate) return url;
  if (isIP(host) !== 0) return isPublicAddress(host) ? url : null;
  return /^(?:localhost|.*\.(?:localhost|local|internal))\.?$/i.test(host) || !host.includes('.') ? null : url;
}
