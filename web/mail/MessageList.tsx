// The list of a mailbox, or of what a search found: virtual, however long. It opens nothing and chooses nothing by itself.

import { makeStyles, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { navigate, pathOf } from '../app/router.ts';
import { useSettings } from '../app/settings.ts';
import { TOUCH, useMedia } from '../app/theme.ts';
import { openComposer } from '../compose/index.ts';
import { useEmails, useEmailQuery, useMailboxes } from '../jmap/cache.ts';
import type { EmailRow, Mailbox } from '../jmap/types.ts';
import { useShortcuts } from '../message/shortcuts.ts';
import { ContextMenu } from './ContextMenu.tsx';
import { listQuery, USUAL, type ListForm } from './listQuery.ts';
import { BulkBar, ListToolbar } from './ListToolbar.tsx';
import type { MailRoute } from './MailPage.tsx';
import { ListWaits, NothingListed } from './listStates.tsx';
import { MessageRow } from './MessageRow.tsx';
import { useRowActions } from './rowActions.ts';
import { useSelection } from './selection.ts';
import { useBackEnds, useTouch } from './useTouch.ts';

export interface MessageListProps {
  accountId: string;
  /** Undefined while the mailboxes are not there yet, or where there is no such mailbox. */
  mailbox: Mailbox | undefined;
  route: MailRoute;
}

const useStyles = makeStyles({
  scroll: { flex: 1, minHeight: 0, overflowY: 'auto', overflowX: 'hidden', contain: 'strict' },
  rows: { position: 'relative', width: '100%' },
  place: { position: 'absolute', top: 0, left: 0, width: '100%' },
});

const ROOMY = 72;
const COMPACT = 36;

export function MessageList(props: MessageListProps): ReactNode {
  // Another mailbox or search is another list: nothing is selected in it, and it begins at its top.
  const { route, mailbox, accountId } = props;
  return mailbox ? (
    <List key={`${accountId} ${mailbox.id} ${route.search ?? ''}`} {...props} mailbox={mailbox} />
  ) : null;
}

function List({ accountId, mailbox, route }: MessageListProps & { mailbox: Mailbox }): ReactNode {
  const styles = useStyles();
  const { density, conversations } = useSettings();
  const mailboxes = useMailboxes(accountId);
  const [form, setForm] = useState<ListForm>(USUAL);
  const query = useMemo(
    () => listQuery({ mailbox, search: route.search, conversations, mailboxes }, form),
    [mailbox, route.search, conversations, mailboxes, form],
  );
  const { total, ids, error, row, ensure } = useEmailQuery(accountId, query);
  const selection = useSelection();
  const [menu, setMenu] = useState<{ id: string; at: { x: number; y: number } } | null>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const height = density === 'compact' ? COMPACT : ROOMY;
  const focused = Math.min(selection.focus, Math.max(0, (total ?? 0) - 1));
  const virtual = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 8,
    // The row that keys act on is there wherever the list is scrolled to: Tab finds it, and it keeps the focus.
    rangeExtractor: useCallback((range: Range) => withRow(defaultRangeExtractor(range), focused), [focused]),
  });
  useEffect(() => virtual.measure(), [height, virtual]);
  const items = virtual.getVirtualItems();
  const { startIndex = 0, endIndex = 0 } = virtual.range ?? {};
  const [from, to] = [Math.max(0, startIndex - 8), endIndex + 9];
  useEffect(() => ensure(from, to), [ensure, from, to]);

  const actions = useRowActions({
    accountId,
    mailboxes,
    mailbox,
    route,
    selection,
    idAt: (index) => ids[index],
    setMenu,
  });
  const emails = useEmails();
  // What was moved, recalled or destroyed meanwhile is not selected any more. Of what nobody has looked at, only the id is
  // known, and that is enough.
  const selectedIds = useMemo(
    () =>
      [...selection.ids].filter((id) => {
        const one = emails.row(accountId, id);
        return one ? route.search !== null || mailbox.id in one.mailboxIds : !emails.isGone(accountId, id);
      }),
    // Rows change under the same ids.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [selection.ids, emails, accountId, ids, row],
  );
  const selecting = selectedIds.length > 0;
  const byTouch = useMedia(TOUCH);
  const selectAll = (): void => selection.all(ids.filter((id): id is string => id !== undefined));
  useBackEnds(selecting && byTouch, selection.clear);
  const withId = (act: (index: number, id: string) => void) => (index: number) => {
    const id = ids[index];
    if (id !== undefined) act(index, id);
  };
  const touch = useTouch({ selecting, onPress: withId(selection.add), onTap: withId(selection.toggle) });
  const clearSearch = (): void => navigate(pathOf({ ...route, search: null, emailId: null }));
  const shortcuts = useMemo(() => [{ keys: 'N', label: 'New message', run: () => openComposer({ kind: 'new' }) }], []);
  useShortcuts(shortcuts);

  // New mail above it, or a recall, moves the row that has the focus: keys go on acting on that row.
  const { setFocus } = selection;
  /** Where the focus is on its way to: keys come faster than frames. */
  const moving = useRef<number | null>(null);
  useLayoutEffect(() => {
    const at = rowAt(document.activeElement);
    if (moving.current === null && at !== undefined && scroll.current?.contains(document.activeElement)) setFocus(at);
  }, [ids, setFocus]);

  const focusRow = (index: number): void => {
    virtual.scrollToIndex(index);
    moving.current = index;
    requestAnimationFrame(() => {
      if (moving.current === index) moving.current = null;
      scroll.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
    });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = rowAt(event.target);
    if (at === undefined) return;
    const index = moving.current ?? at;
    const id = ids[index];
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? height) / height) - 1);
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: (total ?? 1) - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      const next = Math.max(0, Math.min((total ?? 1) - 1, target));
      if (event.shiftKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))
        selection.extend(next, (place) => ids[place]);
      else selection.setFocus(next);
      focusRow(next);
    } else if (event.key === 'Enter' && id !== undefined) {
      if (event.shiftKey) actions.ownWindow(id);
      else navigate(pathOf({ ...route, emailId: id }));
    } else if (event.key === ' ' && id !== undefined) selection.toggle(index, id);
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) selectAll();
    else if (event.key === 'Escape' && selecting) selection.clear();
    else if ((event.key === 'F10' && event.shiftKey) || event.key === 'ContextMenu') {
      if (id !== undefined) {
        const { left, bottom } = (event.target as HTMLElement).getBoundingClientRect();
        setMenu({ id, at: { x: left + 48, y: bottom } });
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // As the count of a mailbox has it (RFC 8621 §2): what was thrown away counts in Trash alone.
  const apart = useMemo(
    () =>
      new Set(
        mailboxes
          .filter(({ id, role }) => id !== mailbox.id && (role === 'trash' || role === 'junk'))
          .map(({ id }) => id),
      ),
    [mailboxes, mailbox.id],
  );
  const unreadOf = (email: EmailRow): number =>
    Math.max(
      '$seen' in email.keywords ? 0 : 1,
      query.collapseThreads ? emails.unread(accountId, email.threadId, apart) : 0,
    );

  const title = route.search === null ? mailbox.name : `“${route.search}”`;
  const isOutgoing = mailbox.role === 'sent' || mailbox.role === 'drafts';
  return (
    <>
      {selecting ? (
        <BulkBar
          accountId={accountId}
          ids={selectedIds}
          onAll={selectAll}
          onGone={selection.drop}
          onClear={selection.clear}
        />
      ) : (
        <ListToolbar
          title={title}
          total={total}
          form={form}
          onForm={setForm}
          onClearSearch={route.search === null ? null : clearSearch}
        />
      )}
      {error && (
        <MessageBar intent="error">
          <MessageBarBody>{error.message}</MessageBarBody>
        </MessageBar>
      )}
      <div ref={scroll} className={styles.scroll}>
        {total === undefined && !error && <ListWaits height={height} />}
        {total === 0 && <NothingListed mailbox={mailbox} route={route} isFiltered={form.only !== 'all'} />}
        {total !== undefined && total > 0 && (
          <div
            role="grid"
            aria-label={title}
            aria-rowcount={total}
            aria-multiselectable
            aria-busy={items.some(({ index }) => !row(index)) || undefined}
            tabIndex={-1}
            className={styles.rows}
            onKeyDown={onKeyDown}
            {...touch}
            style={{ height: virtual.getTotalSize() }}
          >
            {items.map(({ index, start, size }) => {
              const email = row(index);
              return (
                <div
                  key={ids[index] ?? index}
                  role="presentation"
                  className={styles.place}
                  style={{ height: size, transform: `translateY(${start}px)` }}
                >
                  {email && (
                    <MessageRow
                      accountId={accountId}
                      email={email}
                      unread={unreadOf(email)}
                      index={index}
                      outgoing={isOutgoing}
                      isSent={mailbox.role === 'sent'}
                      compact={density === 'compact'}
                      open={email.id === route.emailId}
                      checked={selection.ids.has(email.id)}
                      byTouch={byTouch}
                      boxes={selecting && byTouch}
                      focused={index === focused}
                      actions={actions}
                    />
                  )}
                </div>
              );
            })}
          </div>
        )}
      </div>
      {menu && <ContextMenu accountId={accountId} emailId={menu.id} at={menu.at} onClose={() => setMenu(null)} />}
    </>
  );
}

/** The position of a row in the list; undefined where that is no row. */
function rowAt(target: EventTarget | null): number | undefined {
  return target instanceof HTMLElement && target.getAttribute('role') === 'row'
    ? Number(target.dataset['index'])
    : undefined;
}

/** Pure. In order, as the virtual list wants them. */
function withRow(rows: number[], row: number): number[] {
  return rows.length === 0 || rows.includes(row) ? rows : [...rows, row].toSorted((a, b) => a - b);
}
