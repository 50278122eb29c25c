// The node types that were added last, kept in the browser.

const STORED = 'hookline-recent-nodes';
const MOST = 4;

/** The newest first. */
export function readRecent(): readonly string[] {
  const text = localStorage.getItem(STORED);
  return text === null || text === '' ? [] : text.split(' ').slice(0, MOST);
}

export function addRecent(type: string): void {
  localStorage.setItem(STORED, [type, ...readRecent().filter((other) => other !== type)].slice(0, MOST).join(' '));
}
