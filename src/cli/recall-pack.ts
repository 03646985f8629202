// Incident packs from a shell: written, verified, and the key that verifies them anywhere.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Refusal } from '../mail/errors.ts';
import { requireDuty } from '../recall/administer.ts';
import { packRecall } from '../recall/pack/pack.ts';
import { keyId, verifySigned } from '../recall/pack/signature.ts';
import { installationKey } from '../store/installation-keys.ts';
import { print } from './output.ts';
import { accountNamed, tenantOf, Usage, withSession, type Session } from './session.ts';

export const PACK_OPTIONS = {
  out: { type: 'string' },
  key: { type: 'string' },
  tenant: { type: 'string' },
} as const;

export interface PackValues {
  out?: string | undefined;
  key?: string | undefined;
  tenant?: string | undefined;
  by?: string | undefined;
  json: boolean;
}

/** With `by`, as that administrator, whose role must include seeing recalls. */
export async function pack(id: number, values: PackValues): Promise<number> {
  const { out } = values;
  if (out === undefined) throw new Usage('Where to? Say homing recall pack RECALL --out FILE.html.');
  await withSession(async (session) => {
    const { store, clock } = session.services;
    const by = values.by === undefined ? undefined : await accountNamed(session, values.by);
    if (by) await requireDuty(store, by, 'see-recalls');
    const tenant = by?.tenant ?? (await tenantOf(session, values.tenant)).id;
    const deps = { store, people: session.directory, clock };
    const made = await packRecall(deps, by?.address ?? 'command line', tenant, id);
    await writeFile(out, made.html, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw new Refusal(
        'notWritten',
        error.code === 'EEXIST' ? `${out} is there already.` : `${out} cannot be written.`,
      );
    });
    print(values.json, { id: `r${id}`, file: out, keyId: made.keyId }, () => `${out}: signed with key ${made.keyId}.`);
  });
  return 0;
}

/** 0: as it was when it was signed; 1: not. Without --key, by the installation's own key. */
export async function verifyPack(file: string, values: PackValues): Promise<number> {
  const bytes = await read(file);
  const key = values.key === undefined ? await withSession(publicKey) : asKey(values.key, await read(values.key));
  const verdict = verifySigned(bytes, key);
  const WHY = {
    unsigned: 'it has no signature at its end',
    otherKey: `it is signed with another key (${verdict.keyId}) than ${keyId(key)}`,
    changed: 'it has been changed since it was signed',
  };
  print(values.json, { file, ...verdict }, () =>
    verdict.valid
      ? `${file} is as it was when it was signed with key ${verdict.keyId}.`
      : `${file}: ${WHY[verdict.why]}.`,
  );
  return verdict.valid ? 0 : 1;
}

/** The public key, to be kept where packs will be verified. */
export async function printKey(): Promise<number> {
  const key = await withSession(publicKey);
  console.log(String(key.export({ type: 'spki', format: 'pem' })).trimEnd());
  return 0;
}

async function publicKey({ services: { store, clock } }: Session): Promise<KeyObject> {
  return (await installationKey(store, 'pack', clock())).publicKey;
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch(() => {
    throw new Refusal('notFound', `${file} cannot be read.`);
  });
}

function asKey(file: string, bytes: Buffer): KeyObject {
  try {
    return createPublicKey(bytes);
  } catch {
    throw new Refusal('badKey', `${file} is no public key.`);
  }
}
