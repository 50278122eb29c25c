// Keeps the keyboard where it was: browsers take the focus from a button while it is disabled because it is busy.

/**
 * Gives the focus back to what lost it by being disabled, as soon as it is enabled again, unless it has gone elsewhere.
 * @returns ends it
 */
export function keepFocus(): () => void {
  let last: EventTarget | null = null;
  const remember = (event: FocusEvent): void => {
    last = event.target;
  };
  const forget = (): void => {
    last = null;
  };
  const observer = new MutationObserver((records) => {
    for (const { target } of records) {
      if (target !== last || !(target instanceof HTMLElement) || target.hasAttribute('disabled')) continue;
      if (document.activeElement === document.body) target.focus({ preventScroll: true });
    }
  });
  document.addEventListener('focusin', remember);
  document.addEventListener('pointerdown', forget, true);
  observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ['disabled'] });
  return () => {
    document.removeEventListener('focusin', remember);
    document.removeEventListener('pointerdown', forget, true);
    observer.disconnect();
  };
}
