// A certificate of Homing's own, for the host that the thread is given (certificate.ts).

import { parentPort, workerData } from 'node:worker_threads';
import { generate } from 'selfsigned';
import type { Certificate } from './certificate.ts';

const hostname = workerData as string;
const made = await generate([{ name: 'commonName', value: hostname }], {
  keyType: 'ec',
  curve: 'P-256',
  notAfterDate: new Date(Date.now() + 10 * 365 * 86_400_000),
  extensions: [
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: hostname },
        { type: 7, ip: '127.0.0.1' },
      ],
    },
  ],
});
parentPort?.postMessage({ key: made.private, cert: made.cert } satisfies Certificate);
