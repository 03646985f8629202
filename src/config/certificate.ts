// The certificate: the administrator's, or one of Homing's own made at first start.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';

export interface Certificate {
  key: string;
  cert: string;
}

/** Reads the configured PEM files; else those in the data directory, made if they are not there. */
export async function loadCertificate(
  config: Pick<Config, 'dataDir' | 'hostname' | 'tlsKey' | 'tlsCert'>,
): Promise<Certificate> {
  if (config.tlsKey && config.tlsCert) {
    const [key, cert] = await Promise.all([readFile(config.tlsKey, 'utf8'), readFile(config.tlsCert, 'utf8')]);
    return { key, cert };
  }
  const directory = join(config.dataDir, 'tls');
  const files = [join(directory, 'key.pem'), join(directory, 'cert.pem')] as const;
  try {
    const [key, cert] = await Promise.all([readFile(files[0], 'utf8'), readFile(files[1], 'utf8')]);
    return { key, cert };
  } catch {
    const { generate } = await import('selfsigned');
    const made = await generate([{ name: 'commonName', value: config.hostname }], {
      keyType: 'ec',
      curve: 'P-256',
      notAfterDate: new Date(Date.now() + 10 * 365 * 86_400_000),
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: config.hostname },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(files[0], made.private, { mode: 0o600 });
    await writeFile(files[1], made.cert, { mode: 0o644 });
    return { key: made.private, cert: made.cert };
  }
}
