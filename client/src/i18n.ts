// Languages: English, Dutch and French, one JSON file for each part of the designer, loaded before the first page is shown.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = { en: 'English', nl: 'Nederlands', fr: 'Français' } as const;
export type Language = keyof typeof LANGUAGES;

/** Where the choice is kept in the browser. */
const STORED = 'hookline-language';

const files = import.meta.glob<{ default: Record<string, unknown> }>('./locales/*/*.json');

function isLanguage(text: string | null | undefined): text is Language {
  return text !== null && text !== undefined && Object.hasOwn(LANGUAGES, text);
}

/** The chosen language, else the first of the browser's that we speak, else English. */
function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en';
}

/** Prepares translations; texts are there when it resolves. */
export async function startI18n(): Promise<void> {
  await i18next
    .use({
      type: 'backend',
      init: () => undefined,
      async read(language: string, namespace: string) {
        const load = files[`./locales/${language}/${namespace}.json`];
        if (load === undefined) throw new Error(`There is no ${namespace} in ${language}.`);
        return (await load()).default;
      },
    })
    .use(initReactI18next)
    .init({
      lng: firstLanguage(),
      fallbackLng: false,
      supportedLngs: Object.keys(LANGUAGES),
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      react: { useSuspense: true },
    });
  document.documentElement.lang = i18next.language;
}

/**
 * Loads texts in the chosen language. A part that asked for its own only when it is drawn would hide the page around it
 * for that moment, and take the focus away.
 * @param names of the parts beside `common`; default all
 */
export async function loadTexts(names: readonly string[] = allNames()): Promise<void> {
  await i18next.loadNamespaces(names);
}

function allNames(): string[] {
  return [...new Set(Object.keys(files).map((path) => path.replace(/^.*\/|\.json$/g, '')))];
}

export async function changeLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
