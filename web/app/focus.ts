// Whoever works with keys never stands nowhere: where what had the focus is gone (a row that was recalled, a pane that
// closed), the focus goes to the nearest that is left.

/** Menus and dialogs give the focus back by themselves; this comes after them. */
const AFTER_MS = 120;
/** A page that is on its way may have a better place: so often is looked again before any will do. */
const LOOKS = 6;
/** And so often while something on the page says that it is still being fetched: ten seconds. */
const LOOKS_WHILE_BUSY = 80;

const TABBABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"], [contenteditable=true]';

/** What a page says of itself, the row that keys act on, the heading of a page. */
const HOMES = ['[data-home]', '[role=row][tabindex="0"]', 'h1[tabindex]'];

/** Until the function that it answers is called. */
export function keepFocus(): () => void {
  let last: Element | null = null;
  let around: Element[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looks = 0;

  const note = (): void => {
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body) return;
    last = activeElement;
    around = [];
    for (let at: Element | null = activeElement.parentElement; at; at = at.parentElement) around.push(at);
  };
  const isGone = (): boolean => last !== null && !isThere(last);
  const mend = (): void => {
    timer = undefined;
    if (!isNowhere() || !isGone()) return;
    const most = document.querySelector('[aria-busy=true]') ? LOOKS_WHILE_BUSY : LOOKS;
    const home = homeIn(around.filter(isThere), ++looks >= most);
    if (home) home.focus({ preventScroll: true });
    else timer = setTimeout(mend, AFTER_MS);
  };
  const look = (): void => {
    // The browser itself takes the focus from what is disabled or hidden only a moment later.
    if (timer !== undefined || !isGone()) return;
    looks = 0;
    timer = setTimeout(mend, AFTER_MS);
  };

  const observer = new MutationObserver(look);
  const attributeFilter = ['disabled', 'inert', 'hidden'];
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter });
  document.addEventListener('focusin', note);
  // A frame that takes the focus does not say so itself.
  addEventListener('blur', note);
  return () => {
    observer.disconnect();
    clearTimeout(timer);
    document.removeEventListener('focusin', note);
    removeEventListener('blur', note);
  };
}

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body;

const isThere = (element: Element): boolean =>
  element.isConnected &&
  element.checkVisibility() &&
  !element.matches(':disabled') &&
  element.closest('[inert]') === null;

/** `around`: what is left of where the focus was, the nearest first. `any`: better anything than nothing. */
function homeIn(around: readonly Element[], any: boolean): HTMLElement | null {
  const dialog = around.findIndex((place) => place.matches('[role=dialog]'));
  if (dialog >= 0) return firstIn(around.slice(0, dialog + 1), TABBABLE);
  for (const selector of HOMES) {
    const home = firstIn(around, selector);
    if (home) return home;
  }
  return any ? firstIn(around, TABBABLE) : null;
}

function firstIn(places: readonly Element[], selector: string): HTMLElement | null {
  for (const place of places) {
    const [found] = tabbablesIn(place, selector);
    if (found) return found;
  }
  return null;
}

/** What Tab stops at within it, in order; `selector` narrows it. */
export function tabbablesIn(place: Element, selector = TABBABLE): HTMLElement[] {
  return [...place.querySelectorAll<HTMLElement>(selector)].filter(
    (one) =>
      (one.tabIndex >= 0 || selector !== TABBABLE) &&
      !one.matches('[data-tabster-dummy], [aria-hidden=true], [role=tab][aria-selected=false]') &&
      isThere(one),
  );
}
