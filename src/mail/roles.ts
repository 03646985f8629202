// What people may do for their organisation, beyond their own mail. Everybody is a user; other roles are given by an owner.

export type Role = 'user' | 'recall-admin' | 'directory-admin' | 'auditor' | 'owner';

/** A role that is given; `user` goes without saying. */
export type GivenRole = Exclude<Role, 'user'>;

export const GIVEN_ROLES: readonly GivenRole[] = ['recall-admin', 'directory-admin', 'auditor', 'owner'];

/** What administering consists of: each method of the administration asks for one. */
export type Duty =
  /** Every recall of the organisation, with its outcomes, and requests that wait for approval. */
  | 'see-recalls'
  /** Searching for messages, recalling and restoring them, approving what another administrator asks for, undoing. */
  | 'recall'
  /** Who is under legal hold. */
  | 'hold'
  | 'see-directory'
  /** People and groups, but for those who have roles: they are the owner's to change. */
  | 'change-directory'
  | 'see-policy'
  | 'change-policy'
  | 'see-audit'
  /** Mail that waits to go to other servers: seeing it; making it due, or giving it up. */
  | 'see-queue'
  | 'change-queue'
  | 'give-roles';

export const DUTIES: Readonly<Record<Role, readonly Duty[]>> = {
  user: [],
  'recall-admin': ['see-recalls', 'recall', 'hold', 'see-directory', 'see-policy', 'see-queue', 'change-queue'],
  'directory-admin': ['see-directory', 'change-directory', 'see-policy'],
  auditor: ['see-recalls', 'see-directory', 'see-policy', 'see-audit', 'see-queue'],
  owner: [
    'see-recalls',
    'recall',
    'hold',
    'see-directory',
    'change-directory',
    'see-policy',
    'change-policy',
    'see-audit',
    'see-queue',
    'change-queue',
    'give-roles',
  ],
};

/** Does one of these roles include the duty? */
export function hasDuty(roles: readonly Role[], duty: Duty): boolean {
  return roles.some((role) => DUTIES[role].includes(duty));
}

/** All that these roles include, each once. */
export function dutiesOf(roles: readonly Role[]): Duty[] {
  return DUTIES.owner.filter((duty) => hasDuty(roles, duty));
}
