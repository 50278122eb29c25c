// Puts the focus on the field that a problem is about, once its form is on the page.

/** How long something may take to appear, in milliseconds: on a slow computer, or when its code is loaded first. */
const PATIENCE_MS = 15_000;

/** @param field below the configuration, such as `cases[0].test` */
export function focusField(container: () => HTMLElement | null, field: string): void {
  waitFor(
    () => find(container(), field),
    (target) => {
      target.scrollIntoView({ block: 'center' });
      target.focus({ preventScroll: true });
    },
  );
}

/**
 * Does something with an element as soon as it is on the page, from the next frame on; nothing when it does not come, or when
 * the user has gone elsewhere by then, with the pointer or the Tab key.
 */
export function waitFor(search: () => HTMLElement | null, act: (element: HTMLElement) => void): void {
  const end = performance.now() + PATIENCE_MS;
  const left = new AbortController();
  const options = { capture: true, signal: left.signal };
  window.addEventListener('pointerdown', () => left.abort(), options);
  window.addEventListener('keydown', ({ key }) => key === 'Tab' && left.abort(), options);
  function look(): void {
    if (left.signal.aborted) return;
    const target = search();
    if (target === null && performance.now() < end) {
      requestAnimationFrame(look);
      return;
    }
    left.abort();
    if (target) act(target);
  }
  requestAnimationFrame(look);
}

const FOCUSABLE = 'input:not([type="hidden"]), textarea, select, button, [contenteditable="true"]';

function find(container: HTMLElement | null, field: string): HTMLElement | null {
  if (container === null) return null;
  // The field itself, else the one around it: a problem of `test.all[0]` is shown with `test`.
  for (let path = field; path !== ''; path = parentOf(path)) {
    const marked = container.querySelector<HTMLElement>(`[data-field="${CSS.escape(path)}"], [data-path="${CSS.escape(path)}"]`);
    if (marked) return marked.matches(FOCUSABLE) ? marked : marked.querySelector<HTMLElement>(FOCUSABLE);
  }
  return container.querySelector<HTMLElement>('[aria-invalid="true"]');
}

function parentOf(path: string): string {
  const end = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
  return end <= 0 ? '' : path.slice(0, end);
}
