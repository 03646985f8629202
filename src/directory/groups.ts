// Changing groups: their members, who sees those, and no loops.

import { domainOf } from '../mail/address.ts';
import { addressRows, tenantsOfDomains } from '../store/directory.ts';
import {
  deleteGroup,
  deleteMembers,
  groupPolicy,
  groupsBelow,
  insertGroup,
  insertMembers,
  updateGroup,
  writeGroupPolicy,
  type GroupEdge,
  type GroupRow,
} from '../store/directory-groups.ts';
import { lockTenant } from '../store/directory-tenants.ts';
import type { Transaction } from '../store/postgres.ts';
import type { AdminDeps, Change } from './change.ts';
import { changedGroupPolicy } from './policy.ts';
import { checkedAddress, checkedName, existingGroup, localAddress, refuse, refuseTaken } from './checks.ts';

export type MembersVisibleTo = GroupRow['members_visible_to'];

export interface GroupInput {
  /** Whose the address has to be; else any tenant's. */
  tenant?: number | undefined;
  address: string;
  name?: string | undefined;
  /** Every person's account belongs to it, whoever comes later too; members are additions then. */
  everybody?: boolean | undefined;
  membersVisibleTo?: MembersVisibleTo | undefined;
  /** Accounts, aliases, other groups, addresses outside. */
  members?: string[] | undefined;
}

export interface GroupChanges {
  name?: string | undefined;
  everybody?: boolean | undefined;
  membersVisibleTo?: MembersVisibleTo | undefined;
  add?: string[] | undefined;
  remove?: string[] | undefined;
}

export interface GroupAdmin {
  /** Answers its number. Throws Refusal `badAddress`, `notLocal`, `taken`, `badName`, `notFound` (a member), `loop`. */
  addGroup(group: GroupInput): Promise<number>;
  /** All of it or nothing. Throws as addGroup, and `notMember`. */
  setGroup(address: string, change: GroupChanges): Promise<void>;
  /** Merges settings into the group's policy for what its members send; null takes one away. Throws `badPolicy`, `notFound`. */
  setGroupPolicy(address: string, change: Record<string, unknown>): Promise<void>;
  /** Its members stay; groups that it belongs to lose it. Throws Refusal `notFound`. */
  removeGroup(address: string): Promise<void>;
}

export function groupAdmin({ clock }: AdminDeps, change: Change): GroupAdmin {
  return {
    addGroup: (input) =>
      change(async (tx) => {
        const { tenant, address } = await localAddress(tx, input.address, input.tenant);
        await lockTenant(tx, tenant);
        await refuseTaken(tx, [address]);
        const { everybody = false, membersVisibleTo = 'everyone', members = [] } = input;
        const name = checkedName(input.name, address);
        const row = { address, name, everybody, members_visible_to: membersVisibleTo };
        const id = await insertGroup(tx, tenant, row, clock());
        await addMembers(tx, { ...row, tenant, id }, members);
        const detail = { name, everybody, membersVisibleTo, ...counted('members', members) };
        return { tenant, result: id, audit: { action: 'group.added', subject: address, detail } };
      }),

    setGroup: (address, input) =>
      change(async (tx) => {
        const group = await heldGroup(tx, address);
        const name = input.name === undefined ? undefined : checkedName(input.name, group.address);
        await updateGroup(tx, group.tenant, group.id, { ...input, name });
        const leaving = (input.remove ?? []).map(checkedAddress);
        const left = await deleteMembers(tx, group.tenant, group.id, leaving);
        const stranger = leaving.find((member) => !left.includes(member));
        if (stranger !== undefined) refuse('notMember', `${stranger} is no member of ${group.address}.`);
        await addMembers(tx, group, input.add ?? []);
        const { add = [], remove = [], ...rest } = input;
        const detail = { ...rest, ...counted('add', add), ...counted('remove', remove) };
        return {
          tenant: group.tenant,
          result: undefined,
          audit: { action: 'group.changed', subject: group.address, detail },
        };
      }),

    setGroupPolicy: (address, input) =>
      change(async (tx) => {
        const group = await heldGroup(tx, address);
        const before = await groupPolicy(tx, group.tenant, group.id);
        const after = changedGroupPolicy(before, input);
        await writeGroupPolicy(tx, group.tenant, group.id, after);
        const names = Object.keys(input) as (keyof typeof after)[];
        const detail = Object.fromEntries(
          names.map((name) => [name, { from: before[name] ?? null, to: after[name] ?? null }]),
        );
        return {
          tenant: group.tenant,
          result: undefined,
          audit: { action: 'policy.changed', subject: group.address, detail },
        };
      }),

    removeGroup: (address) =>
      change(async (tx) => {
        const group = await heldGroup(tx, address);
        await deleteGroup(tx, group.tenant, group.id);
        return {
          tenant: group.tenant,
          result: undefined,
          audit: { action: 'group.removed', subject: group.address, detail: {} },
        };
      }),
  };
}

/** An audit entry names so many. */
const NAMED = 100;

/** A list for the audit log: the list itself, or how long it was. */
function counted(name: string, list: string[]): Record<string, unknown> {
  return list.length === 0 ? {} : { [name]: list.length > NAMED ? list.length : list };
}

/** The group, and nobody else changes a group of the tenant meanwhile. */
async function heldGroup(tx: Transaction, address: string): Promise<GroupRow> {
  const { tenant } = await existingGroup(tx, address);
  await lockTenant(tx, tenant);
  return existingGroup(tx, address);
}

/** The tenant is locked. A member that nobody is called here is refused, and so is one that leads back to the group. */
async function addMembers(tx: Transaction, group: GroupRow, given: string[]): Promise<void> {
  if (given.length === 0) return;
  const members = [...new Set(given.map(checkedAddress))];
  const [known, domains] = [
    await addressRows(tx, members),
    await tenantsOfDomains(tx, [...new Set(members.map(domainOf))]),
  ];
  for (const member of members) {
    const row = known.get(member);
    if (!row && domains.get(domainOf(member)) === group.tenant) refuse('notFound', `There is no ${member} here.`);
    if (row?.tenant_id !== group.tenant || row.group_id === null) continue;
    const way = wayDown(await groupsBelow(tx, group.tenant, row.group_id), row.group_id, group.id);
    if (way) refuse('loop', `That would be a loop: ${[group.address, member, ...way].join(' → ')}.`);
  }
  await insertMembers(
    tx,
    group.tenant,
    members.map((address) => ({ group: group.id, address })),
  );
}

/** The shortest way from one group down to another: the addresses after the first; undefined: there is none. */
export function wayDown(edges: GroupEdge[], from: number, to: number): string[] | undefined {
  const below = Map.groupBy(edges, (edge) => edge.of);
  const ways = new Map<number, string[]>([[from, []]]);
  for (const [id, way] of ways) {
    if (id === to) return way;
    for (const edge of below.get(id) ?? []) if (!ways.has(edge.id)) ways.set(edge.id, [...way, edge.address]);
  }
  return undefined;
}
