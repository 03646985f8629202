import { useSet, type AdminAccount } from '../data.ts';

/** Of a person's page: one account. */
export interface PartProps {
  account: AdminAccount;
}

/** Throws what the server refuses. */
export function useChange({ id }: AdminAccount): (patch: object) => Promise<void> {
  const set = useSet('AdminAccount');
  return async (patch) => void (await set({ update: { [id]: patch } }));
}
