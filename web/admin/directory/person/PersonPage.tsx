// One account: who it is, who may do what with it, what its roles are; and what there is to do when it is misused.

import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Problem } from '../../../parts/Problem.tsx';
import { sentenceOfError } from '../../../parts/sentence.ts';
import { shortTime } from '../../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../../administrator.ts';
import { Facts } from '../../parts/Facts.tsx';
import { GoTo } from '../../parts/GoTo.tsx';
import { Page, Section, Waiting } from '../../parts/Page.tsx';
import { RIGHT, useOne, type AdminAccount } from '../data.ts';
import { Delegates } from './Delegates.tsx';
import { Hold } from './Hold.tsx';
import { Names } from './Names.tsx';
import { Password } from './Password.tsx';
import { Remove } from './Remove.tsx';
import { Roles } from './Roles.tsx';
import { Undo } from './Undo.tsx';

export function PersonPage({ id }: { id: string }): ReactNode {
  const pathTo = useAdminPath();
  const { data: account, error } = useOne<AdminAccount>('AdminAccount', id);
  const back = <GoTo to={pathTo('people')}>People</GoTo>;
  if (account) return <Person key={account.id} account={account} back={back} />;
  if (account === null)
    return (
      <Page title="There is no such account here." says={back}>
        {null}
      </Page>
    );
  return error ? <Page title="People">{<Problem>{sentenceOfError(error)}</Problem>}</Page> : <Waiting what="Account" />;
}

function Person({ account, back }: { account: AdminAccount; back: ReactNode }): ReactNode {
  const { may } = useAdministrator();
  const hasRole = account.roles.some((role) => role !== 'user');
  const isOwners = hasRole && !may('give-roles');
  const mayChange = may('change-directory') && !isOwners;
  return (
    <Page title={account.name} says={back}>
      <Facts
        facts={[
          ['Address', account.address],
          ['Since', shortTime(account.createdAt)],
          ['Signs in', account.canSignIn ? 'Yes' : 'No'],
          ['Groups', account.groups.join(', ')],
          [
            'May use',
            Object.entries(account.delegatedTo)
              .map(
                ([address, rights]) => `${address} (${rights.map((right) => RIGHT[right].toLowerCase()).join(', ')})`,
              )
              .join('; '),
          ],
        ]}
      />
      {may('change-directory') && isOwners && (
        <MessageBar intent="info">
          <MessageBarBody>Who has a role is changed by an owner.</MessageBarBody>
        </MessageBar>
      )}
      {mayChange && (
        <Section ruled heading="Name and addresses">
          <Names account={account} />
        </Section>
      )}
      {mayChange && (
        <Section ruled heading="Password">
          <Password account={account} />
        </Section>
      )}
      {account.kind === 'person' && (
        <Section ruled heading="Roles">
          <Roles account={account} />
        </Section>
      )}
      <Section ruled heading="Who may act for it">
        <Delegates account={account} mayChange={mayChange} />
      </Section>
      <Section ruled heading="Legal hold">
        <Hold account={account} />
      </Section>
      {may('recall') && (
        <Section ruled heading="If somebody else has used it">
          <Undo account={account} />
        </Section>
      )}
      {mayChange && (
        <Section ruled heading="Remove">
          <Remove account={account} />
        </Section>
      )}
    </Page>
  );
}
