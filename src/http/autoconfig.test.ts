import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { httpWorld } from '../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());

/** Under any Host. */
const ask = (path: string, host: string): Promise<{ status: number; type: string; body: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(`${world.base}${path}`, { headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });

const servers = (body: string): string[] =>
  [...body.matchAll(/<(incoming|outgoing)Server type="(\w+)">[^]*?<port>(\d+)<[^]*?<socketType>(\w+)</g)].map((match) =>
    match.slice(1).join(' '),
  );

test('a program is told where the servers are, by the address or by where it asks', async () => {
  for (const [path, host] of [
    ['/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=ana%40pigeon.test', 'mail.example'],
    ['/.well-known/autoconfig/mail/config-v1.1.xml', 'pigeon.test'],
    ['/mail/config-v1.1.xml?emailaddress=Nobody%40Pigeon.TEST', 'autoconfig.pigeon.test'],
    ['/mail/config-v1.1.xml', 'autoconfig.pigeon.test:8080'],
  ] as const) {
    const { status, type, body } = await ask(path, host);
    assert.deepEqual([status, type], [200, 'text/xml; charset=utf-8'], path);
    assert.match(body, /<domain>pigeon\.test<\/domain>/);
    assert.match(body, /<username>%EMAILADDRESS%<\/username>/);
    assert.match(body, /<hostname>mail\.pigeon\.test<\/hostname>/);
    assert.deepEqual(servers(body), [
      'incoming imap 993 SSL',
      'incoming imap 143 STARTTLS',
      'outgoing smtp 465 SSL',
      'outgoing smtp 587 STARTTLS',
    ]);
  }
});

test('of other domains, and of what is none, there is nothing to tell', async () => {
  for (const [path, host] of [
    ['/mail/config-v1.1.xml?emailaddress=ana%40outside.test', 'pigeon.test'],
    ['/mail/config-v1.1.xml?emailaddress=%3Cx%3E', 'pigeon.test'],
    ['/mail/config-v1.1.xml', '127.0.0.1'],
    ['/mail/config-v1.1.xml?emailaddress=a%40b.test&emailaddress=ana%40pigeon.test', 'x.test'],
  ] as const)
    assert.equal((await ask(path, host)).status, 404, path);
});
