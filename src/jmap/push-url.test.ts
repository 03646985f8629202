import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress, pushUrl } from './push-url.ts';

test('what everybody can reach, and what they cannot', () => {
  for (const address of ['8.8.8.8', '192.0.1.1', '2a01:4f8::1', '2606:4700::1111'])
    assert.ok(isPublicAddress(address), address);
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'localhost',
    '',
  ])
    assert.equal(isPublicAddress(address), false, address);
});

test('a URL is taken over TLS and to a public place only', () => {
  assert.equal(pushUrl('https://push.example.com/x?y', false)?.hostname, 'push.example.com');
  for (const url of [
    'http://push.example.com/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://localhost/',
    'https://db.internal/',
    'https://router/',
    'https://user:word@push.example.com/',
    'ftp://push.example.com/',
    'push.example.com',
    3,
    `https://push.example.com/${'x'.repeat(2000)}`,
  ])
    assert.equal(pushUrl(url, false), null, String(url));
  assert.ok(pushUrl('http://127.0.0.1:8000/push', true), 'where an administrator has allowed it');
});
