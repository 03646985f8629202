// Room for fingers on a phone.

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Controls that are in view and smaller than a finger, and what sticks out at the side. */
async function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const NEEDED = 44;
    const controls = document.querySelectorAll<HTMLElement>(
      'button, a[href], input, select, textarea, [role=button], [role=tab], [role=menuitem], [role=option], [role=row][tabindex], [contenteditable=true]',
    );
    const found: string[] = [];
    for (const control of controls) {
      // A box and its words are one target; so are a field and what is drawn around it.
      const target =
        control.closest<HTMLElement>(
          '.fui-Checkbox, .fui-Radio, .fui-Switch, .fui-Input, .fui-SearchBox, .fui-Combobox, .fui-Dropdown',
        ) ?? control;
      const { width, height, left, right, top } = target.getBoundingClientRect();
      if (width === 0 || height === 0 || !target.checkVisibility() || top >= innerHeight) continue;
      if (control.closest('.visually-hidden, [aria-hidden=true], [inert]') || control.hidden) continue;
      // Within a sentence, or a row that is a target itself (WCAG 2.5.8), for the same where it has a box.
      if (control.localName === 'a' && control.closest('p, [role=row], .fui-MessageBar, .fui-Text')) continue;
      if (control.matches('[role=row][tabindex] input[type=checkbox]')) continue;
      const name = control.getAttribute('aria-label') ?? control.textContent ?? '';
      // Half a pixel is the screen's own.
      if (height < NEEDED - 0.5 || width < NEEDED - 0.5)
        found.push(`${control.localName} ${name.slice(0, 40)}: ${Math.round(width)} × ${Math.round(height)}`);
      const scrolls = target.closest('[role=toolbar]') !== null;
      if (!scrolls && (left < -1 || right > innerWidth + 1)) found.push(`${name.slice(0, 40)} sticks out`);
    }
    const wide = [document.documentElement, ...document.querySelectorAll<HTMLElement>('main, section, [role=dialog]')];
    for (const one of wide) {
      if (one.scrollWidth > one.clientWidth + 1 && one.checkVisibility())
        found.push(`${one.localName} scrolls sideways`);
    }
    return found;
  });
}

/** Once nothing moves any more: a dialog that opens grows to its size. What turns for ever does not count. */
export async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity),
  );
}

/** Throws what is too small for a finger, and what must be scrolled sideways for. */
export async function fits(page: Page, place: string): Promise<void> {
  await atRest(page);
  assert.deepEqual(
    (await tooSmall(page)).map((line) => `${place}: ${line}`),
    [],
  );
}
