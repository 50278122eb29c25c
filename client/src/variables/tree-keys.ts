// Pure: what a key does in a tree whose visible lines are a flat list (tree pattern of the ARIA practices guide).

export interface TreeLine {
  readonly id: string;
  /** Of the line that it is below; null at the outside. */
  readonly parent: string | null;
  readonly canOpen: boolean;
  readonly isOpen: boolean;
}

export type TreeMove =
  | { readonly kind: 'focus'; readonly index: number }
  | { readonly kind: 'leave' }
  | { readonly kind: 'toggle'; readonly isOpen: boolean }
  | { readonly kind: 'take' };

/** @returns undefined when the key means nothing here */
export function treeMove(key: string, lines: readonly TreeLine[], index: number): TreeMove | undefined {
  const line = lines[index];
  if (line === undefined) return undefined;
  const focus = (target: number): TreeMove => ({ kind: 'focus', index: Math.max(0, Math.min(target, lines.length - 1)) });
  switch (key) {
    case 'ArrowDown':
      return focus(index + 1);
    case 'ArrowUp':
      return index === 0 ? { kind: 'leave' } : focus(index - 1);
    case 'Home':
      return focus(0);
    case 'End':
      return focus(lines.length - 1);
    case 'ArrowRight':
      if (!line.canOpen) return undefined;
      return line.isOpen ? focus(index + 1) : { kind: 'toggle', isOpen: true };
    case 'ArrowLeft': {
      if (line.canOpen && line.isOpen) return { kind: 'toggle', isOpen: false };
      const parent = lines.findIndex(({ id }) => id === line.parent);
      return parent < 0 ? undefined : focus(parent);
    }
    case 'Enter':
    case ' ':
      return { kind: 'take' };
    default:
      return undefined;
  }
}
