// Renders parts of the designer for tests: with theme, languages, queries and an address, and what jsdom lacks.

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, configure, type RenderResult, render } from '@testing-library/react';
import userEvent, { PointerEventsCheckLevel, type UserEvent } from '@testing-library/user-event';
import { createInstance, type i18n } from 'i18next';
import { type ReactNode, Suspense } from 'react';
import { I18nextProvider, initReactI18next } from 'react-i18next';
import { MemoryRouter } from 'react-router';
import { afterEach } from 'vitest';
import type { Language } from '../../client/src/i18n.ts';
import { cssVariables, theme } from '../../client/src/theme.ts';
import { PATIENCE } from '../patience.ts';

afterEach(cleanup);
// A bound, not an assertion: replies and code that is loaded on demand take their time on a busy machine.
configure({ asyncUtilTimeout: PATIENCE.timeout });

const files = import.meta.glob<Record<string, unknown>>('../../client/src/locales/*/*.json', { eager: true, import: 'default' });

/** Every text of one language, by namespace, as it is in the files. */
export function localeTexts(language: Language): Record<string, Record<string, unknown>> {
  const texts: Record<string, Record<string, unknown>> = {};
  for (const [file, content] of Object.entries(files)) {
    const [, of, namespace] = /locales\/(\w+)\/([\w-]+)\.json$/.exec(file) ?? [];
    if (of === language && namespace !== undefined) texts[namespace] = content;
  }
  return texts;
}

/** Translations of their own for each test; a key that is missing is an error. */
export function createTexts(language: Language = 'en'): i18n {
  const instance = createInstance();
  const namespaces = localeTexts(language);
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: Object.keys(namespaces),
    defaultNS: 'common',
    resources: { [language]: namespaces },
    initAsync: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
    saveMissing: true,
    missingKeyHandler: (_languages, namespace, key) => {
      throw new Error(`There is no text ${namespace}:${key} in ${language}.`);
    },
  });
  return instance;
}

/** Queries that are neither asked again nor forgotten. Give what the server would have said with `setQueryData`. */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, gcTime: Number.POSITIVE_INFINITY, staleTime: Number.POSITIVE_INFINITY },
      mutations: { gcTime: Number.POSITIVE_INFINITY },
    },
  });
}

export interface RenderOptions {
  /** Default `en`. */
  readonly language?: Language;
  /** The address that is shown. Default `/`. */
  readonly path?: string;
  /** Default `createQueries()`. */
  readonly queries?: QueryClient;
}

export interface Rendered extends RenderResult {
  readonly user: UserEvent;
  readonly queries: QueryClient;
  readonly texts: i18n;
}

/** Renders an element as the designer would; taken down after each test. */
export function renderPart(element: ReactNode, options: RenderOptions = {}): Rendered {
  fillGaps();
  const { language = 'en', path = '/', queries = createQueries() } = options;
  const texts = createTexts(language);
  document.documentElement.lang = language;
  const frame = ({ children }: { readonly children: ReactNode }) => (
    <I18nextProvider i18n={texts}>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} env="test">
        <QueryClientProvider client={queries}>
          <MemoryRouter initialEntries={[path]}>
            <Suspense>{children}</Suspense>
          </MemoryRouter>
        </QueryClientProvider>
      </MantineProvider>
    </I18nextProvider>
  );
  const user = userEvent.setup({ delay: null, pointerEventsCheck: PointerEventsCheckLevel.Never });
  return { ...render(element, { wrapper: frame }), user, queries, texts };
}

class SizeObserver implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

/** What jsdom does not have because it draws nothing. */
function fillGaps(): void {
  window.matchMedia ??= (media) => ({
    matches: false,
    media,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    dispatchEvent: () => true,
  });
  window.ResizeObserver ??= SizeObserver;
  Element.prototype.scrollIntoView ??= () => undefined;
  Range.prototype.getClientRects ??= () => Object.assign([], { item: () => null });
  Range.prototype.getBoundingClientRect ??= () => new DOMRect();
  if (typeof CSS === 'undefined') {
    const escapeText = (text: string): string => text.replaceAll(/[^\w-]/g, (letter) => `\\${letter}`);
    Object.defineProperty(globalThis, 'CSS', { value: { escape: escapeText }, configurable: true, writable: true });
  }
  // jsdom has no canvas, and complains each time that axe asks for one.
  HTMLCanvasElement.prototype.getContext = () => null;
  if (!('fonts' in document)) Object.defineProperty(document, 'fonts', { value: new EventTarget(), configurable: true });
}
