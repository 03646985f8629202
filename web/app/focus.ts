// Whoever works with keys never stands nowhere: where what had the focus is gone (a row that was recalled, a pane that
// closed), the focus goes to the nearest that is left.

/** Menus and dialogs give the focus back by themselves; this comes after them. */
const AFTER_MS = 120;

const TABBABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"], [contenteditable=true]';

/** The row that keys act on, and the heading of a page, come before whatever stands first. */
const PREFERRED = ['[role=row][tabindex="0"]', 'h1[tabindex]', TABBABLE];

/** Until the function that it answers is called. */
export function keepFocus(): () => void {
  let last: Element | null = null;
  let around: Element[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

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
    const home = around.filter((place) => place.isConnected).map(nearestIn);
    home.find((one) => one !== null)?.focus({ preventScroll: true });
  };
  const look = (): void => {
    // The browser itself takes the focus from what is disabled or hidden only a moment later.
    if (timer === undefined && isGone()) timer = setTimeout(mend, AFTER_MS);
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

function nearestIn(place: Element): HTMLElement | null {
  for (const selector of PREFERRED) {
    const found = tabbablesIn(place, selector)[0];
    if (found) return found;
  }
  return null;
}

/** What Tab stops at within it, in order; `selector` narrows it. */
export function tabbablesIn(place: Element, selector = TABBABLE): HTMLElement[] {
  return [...place.querySelectorAll<HTMLElement>(selector)].filter(
    (one) =>
      (one.tabIndex >= 0 || selector !== TABBABLE) &&
      !one.matches('[data-tabster-dummy], [aria-hidden=true]') &&
      isThere(one),
  );
}
