// The look of the designer: colours with enough contrast for small text in both schemes (WCAG 2.2, 1.4.3), sizes, defaults of components.

import { type CSSVariablesResolver, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.2rem' }, h3: { fontSize: '1.05rem' } } },
  focusRing: 'auto',
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Modal: { defaultProps: { centered: true } },
    // The first item gets the focus: a menu may hold nothing but items (WAI-ARIA 1.2, role menu).
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
});

/** Mantine's own greys for secondary text and placeholders are too pale for small text. */
export const cssVariables: CSSVariablesResolver = (current) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': current.colors.gray?.[7] ?? '#495057',
    '--mantine-color-placeholder': '#6b7280',
    '--mantine-color-anchor': current.colors.indigo?.[8] ?? '#3b5bdb',
    '--mantine-color-error': current.colors.red?.[9] ?? '#c92a2a',
    '--hl-surface': '#ffffff',
    '--hl-canvas': '#f4f6fb',
    '--hl-border': '#dde2ec',
  },
  dark: {
    '--mantine-color-placeholder': '#9aa0a6',
    '--mantine-color-dimmed': current.colors.dark?.[1] ?? '#b8b8b8',
    '--mantine-color-anchor': current.colors.indigo?.[3] ?? '#91a7ff',
    '--mantine-color-error': current.colors.red?.[4] ?? '#ff8787',
    // Fields and buttons must be told from the card they are on.
    '--mantine-color-default-border': current.colors.dark?.[3] ?? '#696969',
    '--hl-surface': 'var(--mantine-color-dark-6)',
    '--hl-canvas': 'var(--mantine-color-dark-8)',
    '--hl-border': 'var(--mantine-color-dark-4)',
  },
});
