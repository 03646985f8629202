// The installation's own keys: made when first asked for, one for each purpose, the same for every process.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Store } from './postgres.ts';

/** `pack`: signs incident packs. */
export type KeyPurpose = 'pack';

export interface InstallationKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** Ed25519. Whoever has the database has it: it shows that this installation wrote something, not who of its administrators. */
export async function installationKey(store: Store, purpose: KeyPurpose, now: Date): Promise<InstallationKey> {
  const known = await read(store, purpose);
  if (known) return known;
  const made = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  await store.single(
    `INSERT INTO installation_key (purpose, private_key, public_key, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [purpose, made.privateKey, made.publicKey, now],
  );
  // Another process may have been quicker; on the primary, which has just had it.
  const kept = await store.transact((tx) => read(tx, purpose));
  if (!kept) throw new Error(`there is no key for ${purpose}`);
  return kept;
}

async function read(reader: Pick<Store, 'row'>, purpose: KeyPurpose): Promise<InstallationKey | undefined> {
  const row = await reader.row<{ private_key: Buffer; public_key: Buffer }>(
    `SELECT private_key, public_key FROM installation_key WHERE purpose = $1`,
    [purpose],
  );
  return (
    row && {
      privateKey: createPrivateKey({ key: row.private_key, type: 'pkcs8', format: 'der' }),
      publicKey: createPublicKey({ key: row.public_key, type: 'spki', format: 'der' }),
    }
  );
}
