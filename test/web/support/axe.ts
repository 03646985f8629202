// axe (https://github.com/dequelabs/axe-core), run on a page in every look.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Found {
  id: string;
  help: string;
  nodes: { html: string; any: { message: string }[]; all: { message: string }[]; none: { message: string }[] }[];
}

/** Colours are looked at in every look but the last, where they are the system's own; that one where pages differ in kind. */
export const LOOKS = [
  { name: 'light', media: { colorScheme: 'light', forcedColors: 'none' }, theme: 'light', rules: 'all' },
  { name: 'dark', media: { colorScheme: 'dark', forcedColors: 'none' }, theme: 'dark', rules: 'colours' },
  { name: 'high contrast', media: { colorScheme: 'dark', forcedColors: 'none' }, theme: 'contrast', rules: 'colours' },
  { name: 'forced colours', media: { colorScheme: 'dark', forcedColors: 'active' }, theme: 'system', rules: 'others' },
] as const;

type Rules = (typeof LOOKS)[number]['rules'];

async function violations(frame: Page | Frame, rules: Rules): Promise<string[]> {
  if (!(await frame.evaluate(() => 'axe' in globalThis))) await frame.evaluate(AXE);
  const found = await frame.evaluate(async (asked) => {
    const { axe } = globalThis as unknown as {
      axe: { run(context: object, options: object): Promise<{ violations: Found[] }> };
    };
    // Frames of mail run no script of axe either; those of /try are looked at by themselves.
    // The component library's sentinels take the focus only to hand it on.
    const context = { exclude: [['[data-tabster-dummy]']] };
    // What floats over a page stands outside of its landmarks.
    const floats = document.querySelector('.fui-MenuPopover, [role=listbox]') !== null;
    const colours = 'color-contrast';
    const found = await axe.run(context, {
      iframes: false,
      resultTypes: ['violations'],
      ...(asked === 'colours'
        ? { runOnly: { type: 'rule', values: [colours] } }
        : { rules: { region: { enabled: !floats }, [colours]: { enabled: asked === 'all' } } }),
    });
    return found.violations;
  }, rules);
  return found.map(({ id, help, nodes }) => {
    const [first] = nodes;
    const why = [...(first?.any ?? []), ...(first?.all ?? []), ...(first?.none ?? [])].map(({ message }) => message);
    return `${id}: ${help} (${nodes.length}) ${first?.html.slice(0, 200)} ${why[0] ?? ''}`;
  });
}

/** Changes the look as a person does in another window: the page as it stands takes it on. */
async function wear(page: Page, look: (typeof LOOKS)[number]): Promise<void> {
  await page.emulateMedia({ ...look.media, reducedMotion: 'reduce' });
  for (const frame of page.frames().filter((one) => one.url().startsWith('http'))) {
    await frame.evaluate((theme) => {
      const settings = JSON.parse(localStorage.getItem('homing.settings') ?? '{}') as object;
      localStorage.setItem('homing.settings', JSON.stringify({ ...settings, theme }));
      dispatchEvent(new StorageEvent('storage', { key: 'homing.settings' }));
    }, look.theme);
  }
  // Fades last for a moment even where motion is reduced.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => undefined))),
  );
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Throws what axe finds. */
export async function check(
  page: Page,
  place: string,
  looks: readonly (typeof LOOKS)[number][] = LOOKS.slice(0, 3),
): Promise<void> {
  const seen: string[] = [];
  for (const look of looks) {
    await wear(page, look);
    for (const frame of page.frames().filter((one) => one.url().startsWith('http'))) {
      seen.push(...(await violations(frame, look.rules)).map((line) => `${place}, ${look.name}: ${line}`));
    }
  }
  assert.deepEqual(seen, []);
}
