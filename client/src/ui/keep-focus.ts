// Keeps the keyboard where it was: browsers drop the focus when its element is disabled while busy, or replaced by another one.

/** Areas whose focus stays inside when the element that has it is replaced. Every field of a form is one. */
const AREA = '[data-field], [data-keeps-focus]';
const POPUP = '[role="menu"][id], [role="listbox"][id], [role="dialog"][id]';
const ENTRY =
  'input:not([type="hidden"], [type="radio"], [type="checkbox"], :disabled), textarea:not(:disabled), [contenteditable="true"]';
const FOCUSABLE =
  'input:not([type="hidden"], :disabled), textarea:not(:disabled), button:not(:disabled), a[href], [tabindex]:not([tabindex="-1"])';

/**
 * Gives the focus back to an element that lost it by being disabled, as soon as it is enabled again. When the element with the
 * focus is removed, because a reply or a value made its field another one, the focus goes to what now stands in the innermost
 * area around it that is left; from a menu, to the button that opened it or its area. In all cases only if nothing else has
 * the focus.
 * @returns ends it
 */
export function keepFocus(): () => void {
  let last: Element | null = null;
  /** Read while the last element is still in the document. */
  let around: readonly Element[] = [];
  const remember = ({ target }: FocusEvent): void => {
    last = target instanceof Element ? target : null;
    around = last === null ? [] : surroundings(last);
  };
  const forget = (): void => {
    last = null;
    around = [];
  };
  const observer = new MutationObserver((records) => {
    if (last === null || document.activeElement !== document.body) return;
    if (!last.isConnected) {
      const wasEntry = last.matches(ENTRY);
      const next = around.map((place) => (place.isConnected ? targetIn(place, wasEntry) : null)).find((found) => found !== null);
      forget();
      next?.focus({ preventScroll: true });
      return;
    }
    for (const { target } of records) {
      if (target === last && target instanceof HTMLElement && !target.hasAttribute('disabled')) {
        target.focus({ preventScroll: true });
      }
    }
  });
  document.addEventListener('focusin', remember);
  document.addEventListener('pointerdown', forget, true);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['disabled'] });
  return () => {
    document.removeEventListener('focusin', remember);
    document.removeEventListener('pointerdown', forget, true);
    observer.disconnect();
  };
}

/** Where the focus may go when the element is gone, the nearest first. */
function surroundings(element: Element): Element[] {
  const found: Element[] = [];
  const popup = element.closest(POPUP);
  const buttons = popup ? [...element.ownerDocument.querySelectorAll('[aria-controls]')] : [];
  const opener = buttons.find((button) => button.getAttribute('aria-controls') === popup?.id);
  if (opener) found.push(opener);
  for (let area = (opener ?? element).closest(AREA); area; area = area.parentElement?.closest(AREA) ?? null) found.push(area);
  return found;
}

/** Itself when it is a button; in an area, what text is typed into if that was so before, else the first that takes the focus. */
function targetIn(place: Element, wasEntry: boolean): HTMLElement | null {
  if (!(place instanceof HTMLElement)) return null;
  if (!place.matches(AREA)) return place;
  const entry = wasEntry ? place.querySelector<HTMLElement>(ENTRY) : null;
  return entry ?? place.querySelector<HTMLElement>(FOCUSABLE) ?? (place.hasAttribute('tabindex') ? place : null);
}
