// "All 433 recipients" ▸: whom a recall is for, to be unticked one by one, or ticked one by one after *None*.

import { Button, Checkbox, makeStyles, SearchBox, Text, tokens } from '@fluentui/react-components';
import { ChevronDownRegular, ChevronRightRegular } from '@fluentui/react-icons';
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useDeferredValue, useId, useRef, useState, type ReactNode } from 'react';
import { ON_PHONE, PHONE, rows as grounds, useMedia } from '../app/theme.ts';
import { useJmap } from '../app/session.tsx';
import { EVERYONE, isTicked, NOBODY, tickedOf, toggled, type Choice } from './choice.ts';
import { PAGE, recipientsPage, type Recipient } from './data.ts';
import { pagesOf, placeRows } from './rows.ts';
import { figure } from './words.ts';

const ROW = 36;
const PHONE_ROW = 44;
const VISIBLE = 5;

const useStyles = makeStyles({
  whole: { display: 'flex', flexDirection: 'column', gap: '8px' },
  button: {
    justifyContent: 'flex-start',
    alignSelf: 'flex-start',
    marginLeft: '-8px',
    paddingLeft: '8px',
    fontVariantNumeric: 'tabular-nums',
    [ON_PHONE]: { minHeight: '44px' },
  },
  tools: { display: 'flex', gap: '8px', alignItems: 'center' },
  search: { flex: 1, minWidth: 0, maxWidth: 'none' },
  list: {
    overflowY: 'auto',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  rows: { position: 'relative' },
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    display: 'flex',
    alignItems: 'center',
    paddingRight: '12px',
    ':hover': { backgroundColor: grounds.hover },
  },
  tick: {
    flex: 1,
    minWidth: 0,
    '& .fui-Checkbox__label': { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  },
  side: { color: tokens.colorNeutralForeground3, flexShrink: 0 },
  none: { padding: '12px', color: tokens.colorNeutralForeground3 },
});

export interface RecipientListProps {
  accountId: string;
  emailId: string;
  /** People, as the preview counts them. */
  total: number;
  choice: Choice;
  onChange(choice: Choice): void;
}

export function RecipientList(props: RecipientListProps): ReactNode {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const panel = useId();
  const { total, choice } = props;
  const ticked = tickedOf(choice, total);
  const label =
    ticked === total ? `All ${figure(total)} recipients` : `${figure(ticked)} of ${figure(total)} recipients`;
  return (
    <div className={styles.whole}>
      <Button
        appearance="transparent"
        className={styles.button}
        icon={open ? <ChevronDownRegular /> : <ChevronRightRegular />}
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
      >
        {label}
      </Button>
      {open && (
        <div id={panel} className={styles.whole}>
          <Ticks {...props} />
        </div>
      )}
    </div>
  );
}

function Ticks({ accountId, emailId, choice, onChange }: RecipientListProps): ReactNode {
  const styles = useStyles();
  const row = useMedia(PHONE) ? PHONE_ROW : ROW;
  const [typed, setTyped] = useState('');
  const text = useDeferredValue(typed.trim());
  const [scrolled, setScrolled] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const first = usePages(accountId, emailId, text, [0])[0];
  const total = first?.total ?? 0;
  const placed = placeRows({ total, row, scrolled, view: row * VISIBLE });
  const numbers = pagesOf(placed.from, placed.to, PAGE);
  const pages = new Map(usePages(accountId, emailId, text, numbers).map((page, i) => [numbers[i], page]));
  const at = (index: number): Recipient | undefined => pages.get(Math.floor(index / PAGE))?.list[index % PAGE];
  return (
    <>
      <div className={styles.tools}>
        <SearchBox
          className={styles.search}
          size="small"
          placeholder="Search recipients"
          aria-label="Search recipients"
          value={typed}
          onChange={(_, { value }) => {
            setTyped(value);
            list.current?.scrollTo({ top: 0 });
          }}
          // Enter is OK elsewhere in the dialog; here it only ends the typing.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
        <Button size="small" appearance="subtle" onClick={() => onChange(EVERYONE)}>
          All
        </Button>
        <Button size="small" appearance="subtle" onClick={() => onChange(NOBODY)}>
          None
        </Button>
      </div>
      <div
        ref={list}
        className={styles.list}
        style={{ height: row * VISIBLE }}
        role="group"
        aria-label="Recipients to take back from"
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
      >
        {first?.total === 0 && <div className={styles.none}>Nobody found.</div>}
        <div className={styles.rows} style={{ height: placed.height }}>
          {Array.from({ length: placed.to - placed.from }, (_, i) => {
            const index = placed.from + i;
            const one = at(index);
            return (
              <div key={index} className={styles.row} style={{ top: placed.top + i * row, height: row }}>
                {one && (
                  <>
                    <Checkbox
                      className={styles.tick}
                      label={nameOf(one)}
                      checked={isTicked(choice, one.recipient)}
                      onChange={() => onChange(toggled(choice, one))}
                    />
                    <Text size={200} className={styles.side}>
                      {sideOf(one)}
                    </Text>
                  </>
                )}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function usePages(
  accountId: string,
  emailId: string,
  text: string,
  numbers: number[],
): ({ total: number; list: Recipient[] } | undefined)[] {
  const jmap = useJmap();
  return useQueries({
    queries: numbers.map((page) => ({
      queryKey: [accountId, 'Recall', 'recipients', emailId, text, page],
      queryFn: () => recipientsPage(jmap, { accountId, emailId }, text, page * PAGE, PAGE),
      placeholderData: page === 0 ? keepPreviousData : undefined,
      gcTime: 60_000,
    })),
    combine: (results) => results.map((result) => result.data),
  });
}

const nameOf = ({ name, recipient, count }: Recipient): string =>
  count === null ? (name ? `${name}, ${recipient}` : recipient) : `${recipient}, ${figure(count)} people`;

function sideOf({ standing }: Recipient): string {
  if (standing === 'outside') return 'outside';
  return standing === 'held' || standing === 'queued' ? 'has not left' : '';
}
