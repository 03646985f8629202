// Where the focus is, and whether anybody can see it.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

export interface Focus {
  /** "row Unread, Ana Silva, Salaries", "textbox Email"; '' where nothing has the focus. */
  what: string;
  /** It is in view and drawn otherwise than what has no focus. */
  isShown: boolean;
  /** Within a dialog. */
  inDialog: boolean;
}

/** Of the page's own document; a frame within it counts as one thing. */
export async function focusOf(page: Page): Promise<Focus> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) {
      return { what: '', isShown: false, inDialog: false };
    }
    const isDrawn = (style: CSSStyleDeclaration): boolean =>
      (style.textDecorationLine === 'underline' && style.textDecorationStyle === 'double') ||
      (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) ||
      (style.content !== 'normal' && style.borderTopStyle === 'solid' && parseFloat(style.borderTopWidth) >= 1);
    // Some controls draw it around themselves: the box of a check box, the field of an input.
    const around = [element, element.parentElement, element.parentElement?.parentElement].filter(
      (one) => one instanceof Element,
    );
    const marked = around.some((one) => isDrawn(getComputedStyle(one)) || isDrawn(getComputedStyle(one, '::after')));
    const writes = element.isContentEditable || element.matches('textarea, input:not([type=checkbox], [type=radio])');
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
    const inView = width > 0 && height > 0 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    const role = element.getAttribute('role') ?? element.localName;
    const name =
      element.getAttribute('aria-label') ??
      (element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : null) ??
      element.textContent ??
      '';
    return {
      what: `${role} ${name.trim().slice(0, 60)}`,
      isShown: inView && (writes || (element.matches(':focus-visible') && marked)),
      inDialog: element.closest('[role=dialog]') !== null,
    };
  });
}

/** The page may still be moving, or drawing, what has the focus: so often is looked again, every tenth of a second. */
const LOOKS = 50;

/** Throws where nobody can see the focus. */
export async function focusIsSeen(page: Page): Promise<void> {
  const { what, isShown } = await lookUntil(page, (focus) => focus.isShown);
  assert.ok(isShown, `the focus is not seen on ${what || 'nothing'}`);
}

async function lookUntil(page: Page, isSo: (focus: Focus) => boolean): Promise<Focus> {
  for (let looks = 1; ; looks++) {
    const focus = await focusOf(page);
    if (isSo(focus) || looks === LOOKS) return focus;
    await sleep(100);
  }
}

/** Presses a key until the focus is on what `wanted` says; at every stop it must be seen. Answers the stops. */
export async function tabTo(page: Page, wanted: RegExp, key = 'Tab', most = 60): Promise<string[]> {
  const stops: string[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press(key);
    // Past the last stop, the browser's own bar has its turn.
    const isFine = ({ what, isShown }: Focus): boolean => isShown || what === '' || what.startsWith('iframe');
    const focus = await lookUntil(page, isFine);
    const { what } = focus;
    stops.push(what);
    assert.ok(isFine(focus), `the focus is not seen on ${what}`);
    if (wanted.test(what)) return stops;
  }
  throw new Error(`${key} did not come to ${wanted}: ${stops.join(' · ')}`);
}

/** Until the focus is on it. */
export async function focusComesTo(page: Page, wanted: RegExp): Promise<void> {
  const comes = page.waitForFunction(
    ({ source, flags }) => {
      const element = document.activeElement;
      if (!element || element === document.body) return false;
      const role = element.getAttribute('role') ?? element.localName;
      return new RegExp(source, flags).test(
        `${role} ${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim()}`,
      );
    },
    { source: wanted.source, flags: wanted.flags },
  );
  await comes.catch(async (error: unknown) => {
    throw new Error(`The focus is on ${(await focusOf(page)).what || 'nothing'}, not on ${wanted}`, { cause: error });
  });
}
