// People and groups as administrators have them (docs/jmap-admin.md).

import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { GivenRole, Role } from '../../../src/mail/roles.ts';
import { useJmap } from '../../app/session.tsx';
import { allSet } from '../../jmap/client.ts';
import type { Json } from '../../jmap/types.ts';
import { figure } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';

export type Kind = 'person' | 'shared' | 'service';
export const RIGHTS = ['full', 'send-as', 'send-on-behalf', 'recall'] as const;
export type Right = (typeof RIGHTS)[number];

export interface AdminAccount {
  id: string;
  address: string;
  name: string;
  kind: Kind;
  aliases: string[];
  canSignIn: boolean;
  roles: Role[];
  acceptsRecalls: boolean;
  legalHold: boolean;
  groups: string[];
  delegates: Record<string, Right[]>;
  delegatedTo: Record<string, Right[]>;
  createdAt: string;
}

export type Visible = 'everyone' | 'members' | 'administrators';

export interface AdminGroup {
  id: string;
  address: string;
  name: string;
  everybody: boolean;
  membersVisibleTo: Visible;
  memberCount: number;
  createdAt: string;
}

export interface Member {
  address: string;
  name: string | null;
  kind: Kind | 'group' | 'outside';
}

export const KIND: Readonly<Record<Kind, string>> = { person: 'Person', shared: 'Shared mailbox', service: 'Service' };

export const ROLE: Readonly<Record<GivenRole, readonly [label: string, says: string]>> = {
  owner: ['Owner', 'Everything: policy and roles as well.'],
  'recall-admin': [
    'Recall administrator',
    'Finds and takes back any message; puts people under legal hold; sees the queue.',
  ],
  'directory-admin': [
    'Directory administrator',
    'Adds, changes and removes people and groups, but for those who have roles.',
  ],
  auditor: ['Auditor', 'Sees recalls, people, policy and the audit log; changes nothing.'],
};

export const RIGHT: Readonly<Record<Right, string>> = {
  full: 'Reads and writes all of it',
  'send-as': 'Sends as it',
  'send-on-behalf': 'Sends on behalf of it',
  recall: 'Recalls for it',
};

export const VISIBLE: Readonly<Record<Visible, string>> = {
  everyone: 'Everyone',
  members: 'Its members',
  administrators: 'Administrators only',
};

/** "Everybody and 3 more" */
export function membersOf({ everybody, memberCount }: AdminGroup): string {
  if (!everybody) return figure(memberCount);
  return memberCount === 0 ? 'Everybody' : `Everybody and ${figure(memberCount)} more`;
}

/** An object of its type; null: there is none. */
export function useOne<T>(type: 'AdminAccount' | 'AdminGroup', id: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, type, 'one', id],
    queryFn: async () => (await jmap.call<{ list: T[] }>(`${type}/get`, { accountId, ids: [id] })).list[0] ?? null,
    staleTime: 0,
  });
}

/** A /set, and what is shown anew after it. Throws JmapError; answers what was created, by its key. */
export function useSet(type: 'AdminAccount' | 'AdminGroup' | 'AdminPolicy'): (change: Json) => Promise<Json> {
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  return async (change) => {
    try {
      return (allSet(await jmap.call(`${type}/set`, { accountId, ...change }))['created'] ?? {}) as Json;
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, type] });
    }
  };
}

/** Addresses as they are typed: one in a line, or with commas. */
export const addressesIn = (text: string): string[] => text.split(/[\s,;]+/).filter((one) => one !== '');
