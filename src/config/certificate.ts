// The certificate: the administrator's, or one of Homing's own made at first start.

import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
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
    const made = await makeCertificate(config.hostname);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(files[0], made.key, { mode: 0o600 });
    await writeFile(files[1], made.cert, { mode: 0o644 });
    return made;
  }
}

/** In a thread that ends: what it takes to make one, 6 MB, would stay with the server. */
async function makeCertificate(hostname: string): Promise<Certificate> {
  const thread = new Worker(new URL('./certificate-thread.ts', import.meta.url), { workerData: hostname });
  const [made] = (await once(thread, 'message')) as [Certificate];
  return made;
}
