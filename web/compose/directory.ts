// The organisation's directory, as recipient fields ask it (docs/jmap-directory.md).

import { useQuery } from '@tanstack/react-query';
import { ownAccountId, useJmap } from '../app/session.tsx';
import type { Jmap } from '../jmap/client.ts';
import { CAPABILITIES, type Json } from '../jmap/types.ts';
import { domainOf, isAddress, keyOf } from './addresses.ts';

export interface Principal {
  id: string;
  type: 'individual' | 'group' | 'other';
  name: string;
  email: string;
  /** Of a group; null: not told. */
  memberCount: number | null;
  outsideMemberCount: number | null;
}

const PROPERTIES = ['type', 'name', 'email', 'memberCount', 'outsideMemberCount'];

/** Suggestions at a time. */
const MOST = 8;

async function findPrincipals(jmap: Jmap, filter: Json, limit = MOST): Promise<Principal[]> {
  const accountId = ownAccountId(jmap);
  const answers = await jmap.request([
    ['Principal/query', { accountId, filter, limit }, 'q'],
    [
      'Principal/get',
      { accountId, '#ids': { resultOf: 'q', name: 'Principal/query', path: '/ids' }, properties: PROPERTIES },
      'g',
    ],
  ]);
  const got = answers[1];
  return !got || got[0] === 'error' ? [] : (got[1]['list'] as Principal[]);
}

export function domainsOf(jmap: Jmap): readonly string[] {
  const own = jmap.session.accounts[ownAccountId(jmap)];
  return (own?.accountCapabilities[CAPABILITIES.directory]?.['domains'] ?? []) as string[];
}

export function useSuggestions(text: string): Principal[] {
  const jmap = useJmap();
  const wanted = text.trim();
  const { data } = useQuery({
    queryKey: [ownAccountId(jmap), 'Principal', 'text', wanted],
    enabled: wanted !== '' && wanted.length <= 200,
    queryFn: () => findPrincipals(jmap, { text: wanted }),
    placeholderData: (before) => (wanted === '' ? undefined : before),
    staleTime: 60_000,
  });
  return wanted === '' ? NONE : (data ?? NONE);
}

const NONE: Principal[] = [];

const NOT_CERTAIN = 'not certain';

/** Who has an address of the organisation's; null: nobody in the directory. Undefined: not known yet, or outside. */
export function usePrincipal(email: string): Principal | null | undefined {
  const jmap = useJmap();
  const inside = isAddress(email) && domainsOf(jmap).includes(domainOf(email));
  const { data } = useQuery({
    queryKey: [ownAccountId(jmap), 'Principal', 'email', keyOf(email)],
    enabled: inside,
    // An alias is found too, under the address that is its own.
    queryFn: async () => {
      const found = await findPrincipals(jmap, { email: keyOf(email) }, 20);
      const exact = found.find((one) => keyOf(one.email) === keyOf(email));
      return exact ?? (found.length === 0 ? null : NOT_CERTAIN);
    },
    staleTime: 60_000,
  });
  return inside && data !== NOT_CERTAIN ? data : undefined;
}

/** "433 people" */
export const peopleIn = ({ memberCount }: Principal): string =>
  memberCount === null ? 'group' : `${memberCount.toLocaleString('en')} ${memberCount === 1 ? 'person' : 'people'}`;
