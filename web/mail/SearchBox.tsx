// The search box: words and operators, with those that begin like what is being typed offered beneath it.

import { Combobox, makeStyles, Option, Text, tokens } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { useMemo, useRef, useState, type ReactNode } from 'react';
import { navigate, pathOf } from '../app/router.ts';
import type { SessionRoute } from '../app/Shell.tsx';
import { useShortcuts } from '../message/shortcuts.ts';
import { OPERATORS } from './search.ts';

const useStyles = makeStyles({
  search: { width: '100%', maxWidth: '480px' },
  box: { width: '100%', minWidth: 0 },
  // Fluent's own is as wide as it would like to be.
  input: { width: '100%', minWidth: 0 },
  means: { color: tokens.colorNeutralForeground3, marginLeft: '8px' },
});

export function SearchBox({ route }: { accountId: string; route: SessionRoute }): ReactNode {
  const styles = useStyles();
  const shown = route.name === 'mail' ? (route.search ?? '') : '';
  const [text, setText] = useState(shown);
  const [open, setOpen] = useState(false);
  const [followed, setFollowed] = useState(shown);
  if (followed !== shown) {
    setFollowed(shown);
    setText(shown);
  }
  const input = useRef<HTMLInputElement>(null);
  const shortcuts = useMemo(() => [{ keys: '/', label: 'Search', run: () => input.current?.focus() }], []);
  useShortcuts(shortcuts);

  const search = (asked: string): void => {
    setOpen(false);
    const mailbox = route.name === 'mail' ? route.mailbox : 'inbox';
    const { session, accountId } = route;
    navigate(pathOf({ name: 'mail', session, accountId, mailbox, emailId: null, search: asked.trim() || null }));
  };
  const word = /\S*$/.exec(text)?.[0] ?? '';
  const offered = OPERATORS.filter((one) => one.text.startsWith(word.toLowerCase()) && one.text !== word);
  return (
    <search className={styles.search}>
      <Combobox
        ref={input}
        className={styles.box}
        input={{ className: styles.input }}
        freeform
        clearable
        expandIcon={text === '' ? <SearchRegular /> : null}
        aria-label="Search"
        placeholder="Search"
        value={text}
        open={open && offered.length > 0}
        selectedOptions={[]}
        onOpenChange={(_, data) => setOpen(data.open)}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          if (event.target.value === '' && shown !== '') search('');
        }}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue === undefined) {
            setText('');
            if (shown !== '') search('');
            return;
          }
          const next = text.slice(0, text.length - word.length) + optionValue;
          setText(optionValue.endsWith(':') ? next : `${next} `);
        }}
        onKeyDown={(event) => {
          const active = event.currentTarget.getAttribute('aria-activedescendant');
          if (event.key === 'Enter' && (!open || !active || word === '')) {
            event.preventDefault();
            search(text);
          }
          if (event.key === 'Escape' && !open && text !== '') {
            setText('');
            if (shown !== '') search('');
          }
        }}
      >
        {offered.map((one) => (
          <Option key={one.text} value={one.text} text={one.text}>
            {one.text}
            <Text size={200} className={styles.means}>
              {one.means}
            </Text>
          </Option>
        ))}
      </Combobox>
    </search>
  );
}
