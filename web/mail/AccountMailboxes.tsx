// The mailboxes of one account, and what can be done to them.

import {
  Button,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  tokens,
} from '@fluentui/react-components';
import { AddRegular, ChevronDownRegular, ChevronRightRegular, DismissRegular } from '@fluentui/react-icons';
import { Fragment, useState, type ReactNode } from 'react';
import { pathOf } from '../app/router.ts';
import { changeSettings, useSettings } from '../app/settings.ts';
import { FORCED } from '../app/theme.ts';
import { findMailbox, useMailboxes } from '../jmap/cache.ts';
import type { Mailbox } from '../jmap/types.ts';
import { sentenceOfError } from '../parts/sentence.ts';
import type { MailRoute } from './MailPage.tsx';
import { useMailboxActions } from './mailboxActions.ts';
import { MailboxDialog, type MailboxQuestion } from './MailboxDialog.tsx';
import { MailboxMenu, type MenuPlace } from './MailboxMenu.tsx';
import { MailboxName } from './MailboxName.tsx';
import { MailboxRow } from './MailboxRow.tsx';
import { mayMoveTo, treeOf, type MailboxNode } from './mailboxTree.ts';
import { useDrop } from './useDrop.ts';

const useStyles = makeStyles({
  list: { listStyle: 'none', margin: 0, padding: 0, display: 'flex', flexDirection: 'column', gap: '2px' },
  heading: {
    display: 'flex',
    alignItems: 'center',
    height: '32px',
    margin: '8px 8px 0',
    borderRadius: tokens.borderRadiusMedium,
  },
  target: {
    outline: `2px solid ${tokens.colorBrandStroke1}`,
    outlineOffset: '-2px',
    [FORCED]: { outlineColor: 'Highlight' },
  },
  title: {
    flex: 1,
    minWidth: 0,
    justifyContent: 'flex-start',
    paddingLeft: '2px',
    gap: '4px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'nowrap',
    overflow: 'hidden',
  },
  problem: { margin: '4px 8px' },
});

export interface AccountMailboxesProps {
  accountId: string;
  title: string;
  own: boolean;
  route: MailRoute;
  /** This account is in view. */
  inView: boolean;
  rail: boolean;
  onFollow(): void;
}

/** A name being given: to a new mailbox, or to one that has another. */
type Naming = { parentId: string | null } | { mailbox: Mailbox };

export function AccountMailboxes(props: AccountMailboxesProps): ReactNode {
  const { accountId, title, own, route, inView, rail } = props;
  const styles = useStyles();
  const mailboxes = useMailboxes(accountId);
  const actions = useMailboxActions(accountId, mailboxes);
  const { folded, unfolded } = useSettings();
  const [naming, setNaming] = useState<Naming | null>(null);
  const [menu, setMenu] = useState<{ mailbox: Mailbox; at: MenuPlace } | null>(null);
  const [question, setQuestion] = useState<MailboxQuestion | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  // Shared mailboxes are folded until somebody opens them: one's own are what the eye, and the hand, look for.
  const isOpen = own ? !folded.includes(accountId) : unfolded.includes(accountId);
  const selected = inView ? findMailbox(mailboxes, route.mailbox)?.id : undefined;

  const attempt = (work: Promise<unknown>): void =>
    void work.then(
      () => setProblem(null),
      (error: unknown) => setProblem(sentenceOfError(error)),
    );
  const fold = (name: string): void => changeSettings({ folded: toggled(folded, name) });
  const foldAll = (): void => (own ? fold(accountId) : changeSettings({ unfolded: toggled(unfolded, accountId) }));

  const mayGo = (id: string, parentId: string | null): boolean => {
    const mailbox = mailboxes.find((one) => one.id === id);
    return mailbox !== undefined && mayMoveTo(mailboxes, mailbox, parentId);
  };
  // The account's name is the top: what is dropped on it lies in no other mailbox.
  const top = useDrop({
    accountId,
    takesEmails: false,
    takesMailbox: (id) => mayGo(id, null),
    onEmails: () => undefined,
    onMailbox: (id) => attempt(actions.move(id, null)),
  });

  const newName = (parentId: string | null, depth: number): ReactNode =>
    naming && 'parentId' in naming && naming.parentId === parentId ? (
      <li>
        <MailboxName
          label="Name of the new mailbox"
          name=""
          depth={depth}
          onName={async (name) => void (await actions.create(name, parentId))}
          onClose={() => setNaming(null)}
        />
      </li>
    ) : null;

  const nodes = (list: MailboxNode[], depth: number): ReactNode =>
    list.map(({ mailbox, children }) => {
      const key = `${accountId}/${mailbox.id}`;
      const open = children.length === 0 ? null : !folded.includes(key);
      const isNamed = naming && 'mailbox' in naming && naming.mailbox.id === mailbox.id;
      return (
        <Fragment key={mailbox.id}>
          <li>
            {isNamed ? (
              <MailboxName
                label={`New name of ${mailbox.name}`}
                name={mailbox.name}
                depth={depth}
                onName={(name) => actions.rename(mailbox, name)}
                onClose={() => setNaming(null)}
              />
            ) : (
              <MailboxRow
                accountId={accountId}
                mailbox={mailbox}
                to={pathTo(route, own ? null : accountId, mailbox)}
                depth={depth}
                selected={mailbox.id === selected}
                open={open}
                rail={rail}
                onFold={() => fold(key)}
                onFollow={props.onFollow}
                onMenu={(at) => setMenu({ mailbox, at })}
                onDropEmails={(dragged) => attempt(actions.receive(dragged, mailbox))}
                takesMailbox={(id) => mayGo(id, mailbox.id)}
                onDropMailbox={(id) => attempt(actions.move(id, mailbox.id))}
              />
            )}
          </li>
          {open === true && nodes(children, depth + 1)}
          {newName(mailbox.id, depth + 1)}
        </Fragment>
      );
    });

  const tree = treeOf(mailboxes);
  if (rail)
    return (
      <ul className={styles.list}>
        {nodes(
          tree.filter(({ mailbox }) => mailbox.role),
          0,
        )}
      </ul>
    );
  return (
    <section aria-label={title}>
      <div className={mergeClasses(styles.heading, top.over && styles.target)} {...top.handlers}>
        <Button
          className={styles.title}
          appearance="transparent"
          size="small"
          icon={isOpen ? <ChevronDownRegular /> : <ChevronRightRegular />}
          aria-expanded={isOpen}
          onClick={foldAll}
        >
          {title}
        </Button>
        <Button
          appearance="transparent"
          size="small"
          icon={<AddRegular />}
          aria-label={`Create a mailbox in ${title}`}
          onClick={() => {
            if (!isOpen) foldAll();
            setNaming({ parentId: null });
          }}
        />
      </div>
      {problem !== null && (
        <MessageBar intent="error" className={styles.problem} layout="multiline">
          <MessageBarBody>{problem}</MessageBarBody>
          <MessageBarActions
            containerAction={
              <Button
                appearance="transparent"
                size="small"
                icon={<DismissRegular />}
                aria-label="Close"
                onClick={() => setProblem(null)}
              />
            }
          />
        </MessageBar>
      )}
      {isOpen && (
        <ul className={styles.list}>
          {nodes(tree, 0)}
          {newName(null, 0)}
        </ul>
      )}
      {menu && (
        <MailboxMenu
          mailbox={menu.mailbox}
          at={menu.at}
          onClose={() => setMenu(null)}
          onNewInside={() => setNaming({ parentId: menu.mailbox.id })}
          onRename={() => setNaming({ mailbox: menu.mailbox })}
          onMove={() => setQuestion({ kind: 'move', mailbox: menu.mailbox })}
          onRemove={() => setQuestion({ kind: 'remove', mailbox: menu.mailbox })}
          onEmpty={() => setQuestion({ kind: 'empty', mailbox: menu.mailbox })}
          onMarkAllRead={() => attempt(actions.markAllRead(menu.mailbox))}
        />
      )}
      {question && (
        <MailboxDialog
          question={question}
          mailboxes={mailboxes}
          actions={actions}
          onClose={() => setQuestion(null)}
          onDone={attempt}
        />
      )}
    </section>
  );
}

function toggled(list: readonly string[], name: string): string[] {
  return list.includes(name) ? list.filter((one) => one !== name) : [...list, name];
}

function pathTo(route: MailRoute, accountId: string | null, mailbox: Mailbox): string {
  const name = mailbox.role ?? mailbox.id;
  return pathOf({ name: 'mail', session: route.session, accountId, mailbox: name, emailId: null, search: null });
}
