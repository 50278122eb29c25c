// Where the keyboard goes on when another page is shown.

import { type RefObject, useEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router';

/** Focuses the content of a new page when what had the focus has gone with the old one; not when the designer is opened. */
export function usePageFocus(content: RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const wasOpened = useNavigationType() === 'POP';
  const lastPath = useRef(wasOpened ? pathname : null);
  useEffect(() => {
    if (lastPath.current === pathname) return;
    lastPath.current = pathname;
    if (document.activeElement === document.body) content.current?.focus({ preventScroll: true });
  }, [pathname, content]);
}
