// The letter's editor: ProseMirror with what a letter needs.

import { baseKeymap, chainCommands, exitCode, toggleMark } from 'prosemirror-commands';
import { history, redo, undo } from 'prosemirror-history';
import { inputRules, wrappingInputRule } from 'prosemirror-inputrules';
import { keymap } from 'prosemirror-keymap';
import type { MarkType, Node } from 'prosemirror-model';
import { liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list';
import { EditorState, TextSelection, type Command } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';
import { withoutStyles } from './read.ts';
import { isLink, schema } from './schema.ts';

const { nodes, marks } = schema;

const node = (name: string): NonNullable<(typeof nodes)[string]> => nodes[name] ?? nodes['paragraph']!;
const mark = (name: string): MarkType => marks[name]!;

export interface EditorOptions {
  place: HTMLElement;
  doc: Node;
  onChange(view: EditorView): void;
  onFiles(files: File[]): void;
  onLink(): void;
}

export function createEditor({ place, doc, onChange, onFiles, onLink }: EditorOptions): EditorView {
  const item = node('list_item');
  const breakLine: Command = (state, dispatch) => {
    dispatch?.(state.tr.replaceSelectionWith(node('hard_break').create()).scrollIntoView());
    return true;
  };
  const keys = keymap({
    'Mod-z': undo,
    'Mod-y': redo,
    'Shift-Mod-z': redo,
    'Mod-b': toggleMark(mark('strong')),
    'Mod-i': toggleMark(mark('em')),
    'Mod-u': toggleMark(mark('underline')),
    'Mod-k': () => {
      onLink();
      return true;
    },
    Enter: splitListItem(item),
    'Shift-Enter': chainCommands(exitCode, breakLine),
    // Outside of a list, Tab goes on to the next control.
    Tab: sinkListItem(item),
    'Shift-Tab': liftListItem(item),
  });
  const rules = inputRules({
    rules: [
      wrappingInputRule(/^\s*([-*])\s$/, node('bullet_list')),
      wrappingInputRule(/^(\d+)\.\s$/, node('ordered_list'), (match) => ({ order: Number(match[1]) })),
      wrappingInputRule(/^\s*>\s$/, node('blockquote')),
    ],
  });
  const filesOf = (data: DataTransfer | null): File[] => [...(data?.files ?? [])];
  const view: EditorView = new EditorView(place, {
    state: EditorState.create({ doc, plugins: [history(), keys, rules, keymap(baseKeymap)] }),
    attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': 'Message' },
    transformPastedHTML: withoutStyles,
    dispatchTransaction(transaction) {
      view.updateState(view.state.apply(transaction));
      onChange(view);
    },
    handlePaste(_view, event) {
      const files = filesOf(event.clipboardData);
      // Word processors put a picture of the text beside the text.
      if (files.length === 0 || event.clipboardData?.types.includes('text/html')) return false;
      onFiles(files);
      return true;
    },
    handleDrop(_view, event) {
      const files = filesOf(event.dataTransfer);
      if (files.length === 0) return false;
      event.preventDefault();
      event.stopPropagation();
      onFiles(files);
      return true;
    },
  });
  view.dispatch(view.state.tr.setSelection(TextSelection.atStart(view.state.doc)));
  return view;
}

export function isActive({ state }: EditorView, name: string): boolean {
  const { from, to, $from, empty } = state.selection;
  if (empty) return mark(name).isInSet(state.storedMarks ?? $from.marks()) !== undefined;
  return state.doc.rangeHasMark(from, to, mark(name));
}

export function isWithin({ state }: EditorView, name: string): boolean {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth--) if ($from.node(depth).type.name === name) return true;
  return false;
}

export const toggle = (name: string): Command => toggleMark(mark(name));

/** Null: as the rest is. */
export function setValue(name: 'size' | 'colour', value: string | null): Command {
  return (state, dispatch) => {
    const { from, to, empty } = state.selection;
    const transaction = state.tr;
    if (empty) {
      if (value === null) transaction.removeStoredMark(mark(name));
      else transaction.addStoredMark(mark(name).create({ value }));
    } else {
      transaction.removeMark(from, to, mark(name));
      if (value !== null) transaction.addMark(from, to, mark(name).create({ value }));
    }
    dispatch?.(transaction);
    return true;
  };
}

export function toggleList(view: EditorView, name: 'bullet_list' | 'ordered_list'): void {
  const within = isWithin(view, name);
  const command = within ? liftListItem(node('list_item')) : wrapInList(node(name));
  command(view.state, view.dispatch);
}

export function toggleQuote(view: EditorView): void {
  const { $from, $to } = view.state.selection;
  const range = $from.blockRange($to);
  if (!range) return;
  const transaction = view.state.tr;
  if (isWithin(view, 'blockquote')) transaction.lift(range, Math.max(0, range.depth - 1));
  else transaction.wrap(range, [{ type: node('blockquote') }]);
  view.dispatch(transaction);
}

export function clearFormatting(view: EditorView): void {
  const { from, to } = view.state.selection;
  const transaction = view.state.tr;
  for (const type of Object.values(marks)) transaction.removeMark(from, to, type);
  view.dispatch(transaction.setStoredMarks([]));
}

/** False: no address that a link may have. */
export function setLink(view: EditorView, given: string): boolean {
  const trimmed = given.trim();
  const guess = /^[^\s@:]+@[^\s@]+$/.test(trimmed) ? `mailto:${trimmed}` : `https://${trimmed}`;
  const href = isLink(trimmed) ? trimmed : guess;
  if (trimmed === '' || !URL.canParse(href)) return false;
  const { from, to, empty } = view.state.selection;
  const link = mark('link').create({ href });
  const transaction = empty
    ? view.state.tr.replaceSelectionWith(schema.text(trimmed, [link]), false)
    : view.state.tr.addMark(from, to, link);
  view.dispatch(transaction.scrollIntoView());
  return true;
}

export function insertPicture(view: EditorView, attributes: { cid: string; src: string; alt: string }): void {
  view.dispatch(view.state.tr.replaceSelectionWith(node('image').create(attributes), false).scrollIntoView());
}

/** Another sender, another signature: in the place of the one before. */
export function replaceSignature(view: EditorView, blocks: readonly Node[]): void {
  const signature = blocks.find((one) => one.type.name === 'signature');
  let at: { from: number; to: number } | null = null;
  view.state.doc.forEach((child, offset) => {
    if (child.type.name === 'signature' && !at) at = { from: offset, to: offset + child.nodeSize };
  });
  const place = at as { from: number; to: number } | null;
  const transaction = view.state.tr;
  if (place && signature) transaction.replaceWith(place.from, place.to, signature);
  else if (place) transaction.delete(place.from, place.to);
  else if (signature)
    transaction.insert(Math.min(view.state.doc.firstChild?.nodeSize ?? 0, view.state.doc.content.size), [...blocks]);
  view.dispatch(transaction);
}
