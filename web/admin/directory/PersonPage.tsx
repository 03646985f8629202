// One account: who it is, who may do what with it, what its roles are; and what there is to do when it is misused.

import {
  Button,
  Checkbox,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Select,
  Switch,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { GIVEN_ROLES } from '../../../src/mail/roles.ts';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { subjectOf } from '../recall/words.ts';
import {
  addressesIn,
  KIND,
  RIGHT,
  RIGHTS,
  ROLE,
  useOne,
  useSet,
  type AdminAccount,
  type Kind,
  type Right,
} from './data.ts';
import { Form } from '../../parts/Form.tsx';

const useStyles = makeStyles({
  options: { display: 'flex', flexDirection: 'column', gap: '4px', marginLeft: '-8px' },
  option: { display: 'flex', flexDirection: 'column' },
  hint: { color: tokens.colorNeutralForeground3, paddingLeft: '36px' },
  delegate: {
    display: 'flex',
    flexDirection: 'column',
    gap: '4px',
    paddingBottom: '12px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  rights: { display: 'flex', flexWrap: 'wrap', marginLeft: '-8px', columnGap: '8px' },
  list: { margin: 0, paddingLeft: '20px' },
  toggle: { marginLeft: '-8px', alignSelf: 'flex-start' },
  button: { alignSelf: 'flex-start' },
  undo: { display: 'flex', flexDirection: 'column', gap: '12px', maxWidth: '560px', alignItems: 'flex-start' },
});

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

interface PartProps {
  account: AdminAccount;
}

function useChange({ id }: AdminAccount): (patch: object) => Promise<void> {
  const set = useSet('AdminAccount');
  return async (patch) => void (await set({ update: { [id]: patch } }));
}

function Names({ account }: PartProps): ReactNode {
  const change = useChange(account);
  const [name, setName] = useState(account.name);
  const [kind, setKind] = useState(account.kind);
  const [aliases, setAliases] = useState(account.aliases.join(', '));
  const isSame =
    name === account.name && kind === account.kind && addressesIn(aliases).join() === account.aliases.join();
  return (
    <Form
      label="Name and addresses"
      disabled={isSame}
      onSave={() => change({ name, kind, aliases: addressesIn(aliases) })}
    >
      <Field label="Name">
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label="Kind">
        <Select value={kind} onChange={(_, { value }) => setKind(value as Kind)}>
          {Object.entries(KIND).map(([one, label]) => (
            <option key={one} value={one}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Aliases" hint="More addresses that lead here, with commas between them.">
        <Input value={aliases} onChange={(_, { value }) => setAliases(value)} />
      </Field>
    </Form>
  );
}

function Password({ account }: PartProps): ReactNode {
  const change = useChange(account);
  const [password, setPassword] = useState('');
  const [asking, setAsking] = useState(false);
  const save = async (): Promise<void> => {
    await change({ password });
    setPassword('');
  };
  return (
    <>
      <Form
        label="Password"
        action="Set password"
        disabled={password === ''}
        onSave={save}
        more={account.canSignIn && <Button onClick={() => setAsking(true)}>Stop sign-in</Button>}
      >
        <Field label="New password" hint="The old one ends at once.">
          <Input
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(_, { value }) => setPassword(value)}
          />
        </Field>
      </Form>
      {asking && (
        <Confirm
          title="Stop sign-in?"
          action="Stop sign-in"
          onConfirm={() => change({ password: null })}
          onClose={() => setAsking(false)}
        >
          Nobody signs in as {account.address} until it has a password again. Its mail stays, and more comes.
        </Confirm>
      )}
    </>
  );
}

function Roles({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const change = useChange(account);
  const given = account.roles.filter((role) => role !== 'user');
  const [roles, setRoles] = useState(given);
  if (!may('give-roles')) {
    return given.length === 0 ? (
      <Empty>None: a user as everybody is.</Empty>
    ) : (
      <ul className={styles.list}>
        {given.map((role) => (
          <li key={role}>{`${ROLE[role][0]}: ${ROLE[role][1]}`}</li>
        ))}
      </ul>
    );
  }
  const isSame = GIVEN_ROLES.every((role) => roles.includes(role) === given.includes(role));
  return (
    <Form label="Roles" disabled={isSame} onSave={() => change({ roles })}>
      <div className={styles.options}>
        {GIVEN_ROLES.map((role) => (
          <div key={role} className={styles.option}>
            <Checkbox
              label={ROLE[role][0]}
              aria-describedby={`says-${role}`}
              checked={roles.includes(role)}
              onChange={(_, { checked }) =>
                setRoles(checked === true ? [...roles, role] : roles.filter((one) => one !== role))
              }
            />
            <Text size={200} id={`says-${role}`} className={styles.hint}>
              {ROLE[role][1]}
            </Text>
          </div>
        ))}
      </div>
    </Form>
  );
}

function Delegates({ account, mayChange }: PartProps & { mayChange: boolean }): ReactNode {
  const styles = useStyles();
  const change = useChange(account);
  const [delegates, setDelegates] = useState(account.delegates);
  const [added, setAdded] = useState('');
  const known = Object.entries(delegates);
  if (!mayChange) {
    return known.length === 0 ? (
      <Empty>Nobody else.</Empty>
    ) : (
      <ul className={styles.list}>
        {known.map(([address, rights]) => (
          <li key={address}>{`${address}: ${rights.map((right) => RIGHT[right].toLowerCase()).join(', ')}`}</li>
        ))}
      </ul>
    );
  }
  const toggle = (address: string, right: Right, on: boolean): void => {
    const before = delegates[address] ?? [];
    setDelegates({ ...delegates, [address]: on ? [...before, right] : before.filter((one) => one !== right) });
  };
  const add = (): void => {
    const address = added.trim().toLowerCase();
    if (address !== '' && !(address in delegates)) setDelegates({ ...delegates, [address]: ['full'] });
    setAdded('');
  };
  const save = async (): Promise<void> => {
    const all = added.trim() === '' ? delegates : { ...delegates, [added.trim().toLowerCase()]: ['full'] };
    await change({ delegates: all });
    setDelegates(Object.fromEntries(Object.entries(delegates).filter(([, rights]) => rights.length > 0)));
    setAdded('');
  };
  return (
    <Form label="Who may act for it" onSave={save}>
      {known.length === 0 && <Empty>Nobody else.</Empty>}
      {known.map(([address, rights]) => (
        <div key={address} className={styles.delegate} role="group" aria-label={address}>
          <Text weight="semibold">{address}</Text>
          <div className={styles.rights}>
            {RIGHTS.map((right) => (
              <Checkbox
                key={right}
                label={RIGHT[right]}
                checked={rights.includes(right)}
                onChange={(_, { checked }) => toggle(address, right, checked === true)}
              />
            ))}
          </div>
          {rights.length === 0 && <Empty>May do nothing any more, once this is saved.</Empty>}
        </div>
      ))}
      <Field label="Add somebody" hint="An address of your organisation.">
        <Input
          value={added}
          onChange={(_, { value }) => setAdded(value)}
          contentAfter={
            <Button size="small" appearance="transparent" disabled={added.trim() === ''} onClick={add}>
              Add
            </Button>
          }
        />
      </Field>
    </Form>
  );
}

function Hold({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const change = useChange(account);
  const [problem, setProblem] = useState<string | null>(null);
  const hold = async (legalHold: boolean): Promise<void> => {
    setProblem(null);
    await change({ legalHold }).catch((error: unknown) => setProblem(sentenceOfError(error)));
  };
  return (
    <>
      <Text>
        What recalls took from this account, or for it, is kept for as long as the hold stands, and the account cannot
        be removed. Recalls go on.
      </Text>
      {may('hold') ? (
        <Switch
          className={styles.toggle}
          label="Under legal hold"
          checked={account.legalHold}
          onChange={(_, { checked }) => void hold(checked)}
        />
      ) : (
        <Text weight="semibold">{account.legalHold ? 'Under legal hold.' : 'Not under legal hold.'}</Text>
      )}
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  );
}

interface Undone {
  recalls: { id: string; subject: string | null; createdAt: string; underWay: boolean }[];
  requests: string[];
}

function Undo({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const pathTo = useAdminPath();
  const { accountId } = useAdministrator();
  const [since, setSince] = useState('');
  const [found, setFound] = useState<Undone | null>(null);
  const [done, setDone] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const undo = (dryRun: boolean): Promise<Undone> =>
    jmap.call('AdminRecall/undo', {
      accountId,
      account: account.address,
      since: new Date(since).toISOString(),
      dryRun,
    });
  const look = async (): Promise<void> => {
    setProblem(null);
    setDone(false);
    try {
      setFound(await undo(true));
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
  };
  const count = (found?.recalls.length ?? 0) + (found?.requests.length ?? 0);
  return (
    <div className={styles.undo}>
      <Text>
        All that it recalled since then is stopped and brought back, and what it asked other administrators for is
        denied.
      </Text>
      <Field label="Since">
        <Input
          type="datetime-local"
          value={since}
          onChange={(_, { value }) => {
            setSince(value);
            setFound(null);
          }}
        />
      </Field>
      <Button disabled={since === ''} onClick={() => void look()}>
        Look what there is
      </Button>
      {problem !== null && <Problem>{problem}</Problem>}
      <div role="status">
        {found && count === 0 && <Empty>Nothing to undo.</Empty>}
        {found && count > 0 && (
          <>
            <Text>
              {done
                ? 'Stopped and being brought back:'
                : `${several(found.recalls.length, 'recall', 'recalls')}, ${several(found.requests.length, 'request', 'requests')}:`}
            </Text>
            <ul className={styles.list}>
              {found.recalls.map((one) => (
                <li key={one.id}>
                  <Text>
                    <GoTo inline to={pathTo('recalls', one.id)}>
                      {subjectOf(one)}
                    </GoTo>
                    {`, ${shortTime(one.createdAt)}`}
                  </Text>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {found && count > 0 && !done && (
        <Button appearance="primary" onClick={() => setAsking(true)}>
          {`Undo ${several(count, 'of them', 'of them')}`}
        </Button>
      )}
      {asking && (
        <Confirm
          title="Undo them?"
          action="Undo"
          onConfirm={async () => {
            setFound(await undo(false));
            setDone(true);
          }}
          onClose={() => setAsking(false)}
        >
          What these recalls took returns to its mailboxes. Change the password of {account.address} first, so that no
          more come.
        </Confirm>
      )}
    </div>
  );
}

function Remove({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const set = useSet('AdminAccount');
  const [asking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await set({ destroy: [account.id] });
    navigate(pathTo('people'));
  };
  return (
    <>
      <Button className={styles.button} onClick={() => setAsking(true)}>
        {`Remove ${account.address}`}
      </Button>
      {asking && (
        <Confirm title={`Remove ${account.name}?`} action="Remove" onConfirm={remove} onClose={() => setAsking(false)}>
          The account goes with all of its mail, and this cannot be undone. What it sent stays with those who have it.
          To keep the mail, stop sign-in instead.
        </Confirm>
      )}
    </>
  );
}
