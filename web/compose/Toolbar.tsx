// How the letter's words look.

import {
  Button,
  Input,
  makeStyles,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Popover,
  PopoverSurface,
  PopoverTrigger,
  tokens,
  Tooltip,
} from '@fluentui/react-components';
import {
  ClearFormattingRegular,
  LinkRegular,
  TextBoldRegular,
  TextBulletListRegular,
  TextColorRegular,
  TextFontSizeRegular,
  TextItalicRegular,
  TextNumberListLtrRegular,
  TextQuoteRegular,
  TextStrikethroughRegular,
  TextUnderlineRegular,
} from '@fluentui/react-icons';
import type { Command } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { useState, type ReactElement, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { clearFormatting, isActive, isWithin, setLink, setValue, toggle, toggleList, toggleQuote } from './editor.ts';
import { COLOURS, SIZES } from './schema.ts';

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'nowrap',
    gap: '2px',
    padding: '4px 12px',
    overflowX: 'auto',
    flexShrink: 0,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { padding: 0, '& button': { minWidth: '44px', height: '44px', flexShrink: 0 } },
  },
  link: { display: 'flex', gap: '8px' },
  swatch: { width: '16px', height: '16px', borderRadius: tokens.borderRadiusSmall },
});

interface ToolbarProps {
  view: EditorView | null;
  /** Raised by every change, so that what is pressed is shown as it is. */
  version: number;
  linking: boolean;
  onLinking(open: boolean): void;
}

const MARKS: [name: string, label: string, icon: ReactElement][] = [
  ['strong', 'Bold', <TextBoldRegular key="b" />],
  ['em', 'Italic', <TextItalicRegular key="i" />],
  ['underline', 'Underline', <TextUnderlineRegular key="u" />],
  ['strike', 'Strikethrough', <TextStrikethroughRegular key="s" />],
];

export function Toolbar({ view, linking, onLinking }: ToolbarProps): ReactNode {
  const styles = useStyles();
  const run = (command: Command): void => {
    if (!view) return;
    command(view.state, view.dispatch);
    view.focus();
  };
  const act = (change: (view: EditorView) => void) => (): void => {
    if (!view) return;
    change(view);
    view.focus();
  };
  return (
    <div className={styles.bar} role="toolbar" aria-label="Formatting">
      {MARKS.map(([name, label, icon]) => (
        <Tool
          key={name}
          label={label}
          icon={icon}
          pressed={view !== null && isActive(view, name)}
          onClick={() => run(toggle(name))}
        />
      ))}
      <Choice
        label="Size"
        icon={<TextFontSizeRegular />}
        onChoose={(value) => run(setValue('size', value))}
        list={SIZES}
      />
      <Choice
        label="Colour"
        icon={<TextColorRegular />}
        onChoose={(value) => run(setValue('colour', value))}
        list={COLOURS}
        swatch={styles.swatch}
      />
      <Tool
        label="Bullets"
        icon={<TextBulletListRegular />}
        pressed={view !== null && isWithin(view, 'bullet_list')}
        onClick={act((at) => toggleList(at, 'bullet_list'))}
      />
      <Tool
        label="Numbering"
        icon={<TextNumberListLtrRegular />}
        pressed={view !== null && isWithin(view, 'ordered_list')}
        onClick={act((at) => toggleList(at, 'ordered_list'))}
      />
      <Tool
        label="Quote"
        icon={<TextQuoteRegular />}
        pressed={view !== null && isWithin(view, 'blockquote')}
        onClick={act(toggleQuote)}
      />
      <Popover open={linking} onOpenChange={(_, { open }) => onLinking(open)} trapFocus>
        <PopoverTrigger disableButtonEnhancement>
          <Button appearance="subtle" size="small" icon={<LinkRegular />} aria-label="Link" title="Link (Ctrl+K)" />
        </PopoverTrigger>
        <PopoverSurface aria-label="Link">
          <LinkForm
            onLink={(href) => {
              if (!view || !setLink(view, href)) return false;
              onLinking(false);
              view.focus();
              return true;
            }}
          />
        </PopoverSurface>
      </Popover>
      <Tool label="Clear formatting" icon={<ClearFormattingRegular />} onClick={act(clearFormatting)} />
    </div>
  );
}

function Tool(props: { label: string; icon: ReactElement; pressed?: boolean; onClick(): void }): ReactNode {
  const { label, icon, pressed, onClick } = props;
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance={pressed ? 'secondary' : 'subtle'}
        size="small"
        icon={icon}
        aria-pressed={pressed ?? false}
        // The letter keeps its selection.
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClick}
      />
    </Tooltip>
  );
}

function Choice(props: {
  label: string;
  icon: ReactElement;
  list: readonly (readonly [name: string, value: string])[];
  swatch?: string;
  onChoose(value: string | null): void;
}): ReactNode {
  const { label, icon, list, swatch, onChoose } = props;
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" size="small" icon={icon} aria-label={label} title={label} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => onChoose(null)}>Normal</MenuItem>
          {list.map(([name, value]) => (
            <MenuItem
              key={name}
              icon={swatch ? <span className={swatch} style={{ backgroundColor: value }} /> : undefined}
              onClick={() => onChoose(value)}
            >
              {name}
            </MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function LinkForm({ onLink }: { onLink(href: string): boolean }): ReactNode {
  const styles = useStyles();
  const [href, setHref] = useState('');
  return (
    <form
      className={styles.link}
      onSubmit={(event) => {
        event.preventDefault();
        onLink(href);
      }}
    >
      <Input
        autoFocus
        aria-label="Address of the link"
        placeholder="https://"
        value={href}
        onChange={(_, { value }) => setHref(value)}
      />
      <Button type="submit" appearance="primary">
        Link
      </Button>
    </form>
  );
}
