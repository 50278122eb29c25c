// Gives the components their look, and those with a button to close them its name in the chosen language.

import { MantineProvider, mergeThemeOverrides } from '@mantine/core';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { cssVariables, theme } from '../theme.ts';
import { styleNonce } from './style-nonce.ts';

export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const close = t('close');
  const translated = useMemo(() => {
    const defaultProps = { closeButtonProps: { 'aria-label': close } };
    return mergeThemeOverrides(theme, {
      components: { Modal: { defaultProps }, Drawer: { defaultProps }, Notification: { defaultProps } },
    });
  }, [close]);
  return (
    <MantineProvider theme={translated} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      {children}
    </MantineProvider>
  );
}
