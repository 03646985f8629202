// What a mail program asks so that nobody has to type server names: Mozilla's autoconfig, which Thunderbird, K-9, Evolution
// and others read. It says where the servers are, and of no address whether it exists.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalAddress, canonicalDomain, domainOf } from '../mail/address.ts';
import type { Directory } from '../directory/directory.ts';
import { problem } from './problem.ts';

export interface MailPorts {
  imap: number;
  imaps: number;
  submission: number;
  submissions: number;
}

export interface AutoconfigDeps {
  directory: Pick<Directory, 'resolve'>;
  /** Name of this server, as its certificate has it. */
  hostname: string;
  ports: MailPorts;
}

/** Asked at the domain itself, at autoconfig.<domain>, and so with and without the address. */
const PATHS = ['/.well-known/autoconfig/mail/config-v1.1.xml', '/mail/config-v1.1.xml'];

export function autoconfigRoutes(app: FastifyInstance, { directory, hostname, ports }: AutoconfigDeps): void {
  for (const path of PATHS) {
    app.get(path, async (request, reply) => {
      const domain = domainAsked(request);
      const target = domain === null ? undefined : await directory.resolve(`postmaster@${domain}`);
      if (domain === null || target === undefined || target.kind === 'outside')
        return problem(reply, 404, 'about:blank', 'That is not a domain of this server.');
      return reply.type('text/xml; charset=utf-8').send(clientConfig(domain, hostname, ports));
    });
  }
}

/** The address's domain; without one, the one that was asked at. */
function domainAsked({ query, hostname: host }: FastifyRequest): string | null {
  const { emailaddress } = query as { emailaddress?: unknown };
  if (typeof emailaddress === 'string') {
    const address = canonicalAddress(emailaddress);
    return address && domainOf(address);
  }
  return canonicalDomain(host.toLowerCase().replace(/^autoconfig\./, ''));
}

function clientConfig(domain: string, hostname: string, ports: MailPorts): string {
  const server = (kind: string, type: string, port: number, socket: 'SSL' | 'STARTTLS'): string => `
    <${kind} type="${type}">
      <hostname>${xml(hostname)}</hostname>
      <port>${port}</port>
      <socketType>${socket}</socketType>
      <username>%EMAILADDRESS%</username>
      <authentication>password-cleartext</authentication>
    </${kind}>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${xml(domain)}">
    <domain>${xml(domain)}</domain>
    <displayName>${xml(domain)}</displayName>
    <displayShortName>${xml(domain)}</displayShortName>${[
      // The first that the program can use is used (RFC 8314 §3: TLS from the first octet).
      server('incomingServer', 'imap', ports.imaps, 'SSL'),
      server('incomingServer', 'imap', ports.imap, 'STARTTLS'),
      server('outgoingServer', 'smtp', ports.submissions, 'SSL'),
      server('outgoingServer', 'smtp', ports.submission, 'STARTTLS'),
    ].join('')}
  </emailProvider>
</clientConfig>
`;
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
