// Groups that are shown as one row: whom they have as members is not for everyone to see (membersVisibleTo).

import { gotThrough, groupsOf, notForAll } from '../store/outcomes.ts';
import type { Reader } from '../store/postgres.ts';
import type { AccountInfo } from './ports.ts';

/** Groups of a message whose members `viewer` may not see; of these addresses alone, where they are given. */
export async function hiddenGroups(
  reader: Reader,
  viewer: AccountInfo,
  message: number,
  among?: string[],
): Promise<string[]> {
  const { tenant, id } = viewer;
  if (among?.length === 0) return [];
  const hidden: string[] = [];
  for (const group of await (among ? notForAll(reader, tenant, among) : groupsOf(reader, tenant, message))) {
    const isMember =
      group.members_visible_to === 'members' && (await gotThrough(reader, tenant, message, id, group.address));
    if (!isMember) hidden.push(group.address);
  }
  return hidden;
}
