// What the server's role may do. It owns nothing and is nobody's superuser: whatever a statement of the server's is made to
// say, it cannot change a line of the audit log, nor the schema, nor turn a trigger off. The owner's role migrates,
// restores, and gives these rights.

import pg from 'pg';
import { Refusal } from '../mail/errors.ts';
import type { Reader } from './postgres.ts';

/** Of tables that are not any table. Views are as their tables. */
const OF_TABLE: Record<string, string[]> = {
  audit: ['INSERT', 'SELECT'],
  audit_head: ['INSERT', 'SELECT', 'UPDATE'],
  migration: ['SELECT'],
};
const OF_ANY_TABLE = ['DELETE', 'INSERT', 'SELECT', 'UPDATE'];
const OF_SEQUENCE = ['SELECT', 'USAGE'];

/**
 * Gives a role what the server needs of the present schema, and takes away what is more. Where the rights are as they
 * must be already, nothing is written. The client is the owner's, and has the lock on migrations. A role that is not
 * there is made, if the owner may: one that can sign in, without a password. Throws Refusal `noRole` if it may not.
 */
export async function grantServer(client: pg.Client, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  const known = await client.query<{ own: boolean }>(
    'SELECT rolname = current_user AS own FROM pg_roles WHERE rolname = $1',
    [role],
  );
  if (known.rows[0]?.own) return; // the owner's own: it keeps what it has
  if (!known.rows[0]) await makeRole(client, role);
  const { rows } = await client.query<{ kind: string; name: string; has: string[] | null }>(
    `SELECT o.kind, o.name, (SELECT array_agg(a.privilege_type::text ORDER BY a.privilege_type::text)
       FROM aclexplode(o.acl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = $1) AS has
     FROM (SELECT 'SCHEMA' AS kind, nspname::text AS name, nspacl AS acl FROM pg_namespace WHERE nspname = current_schema()
       UNION ALL
       SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname::text, relacl FROM pg_class
       WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'S')) o`,
    [role],
  );
  const statements = rows.flatMap(({ kind, name: object, has }) => {
    const wanted =
      kind === 'SCHEMA' ? ['USAGE'] : kind === 'SEQUENCE' ? OF_SEQUENCE : (OF_TABLE[object] ?? OF_ANY_TABLE);
    if (wanted.join() === (has ?? []).join()) return [];
    const of = `${kind} ${pg.escapeIdentifier(object)}`;
    return [`REVOKE ALL ON ${of} FROM ${name}`, `GRANT ${wanted.join(', ')} ON ${of} TO ${name}`];
  });
  if (statements.length > 0) await client.query(['BEGIN', ...statements, 'COMMIT'].join('; '));
}

async function makeRole(client: pg.Client, role: string): Promise<void> {
  await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN`).catch((error: { code?: string }) => {
    // Roles are the whole cluster's: another database's Homing has been as quick.
    if (error.code === '42710' || error.code === '23505') return;
    if (error.code !== '42501') throw error;
    throw new Refusal('noRole', `There is no role ${role}, and this one may not make it.`);
  });
}

/** How the audit log is protected from whoever reads here: by rights, or by its trigger alone, which this role could drop. */
export async function auditProtection(reader: Reader): Promise<{ by: 'rights' | 'trigger'; role: string }> {
  const row = await reader.row<{ may: boolean; role: string }>(
    `SELECT pg_has_role(c.relowner, 'MEMBER') OR has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') AS may, current_user::text AS role
     FROM pg_class c WHERE c.oid = 'audit'::regclass`,
  );
  return { by: row?.may === false ? 'rights' : 'trigger', role: row?.role ?? '' };
}

/** What is said where it is the trigger alone. */
export function triggerAlone(role: string): string {
  return `The audit log is protected by a trigger alone: the database role ${role} could drop it. docs/operations.md says how to give Homing a role that cannot.`;
}
