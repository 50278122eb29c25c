// Starts the designer in the browser.

import './mantine.css';
import '@mantine/notifications/styles.css';
import './styles.css';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { ApiError } from './api/request.ts';
import { startI18n } from './i18n.ts';
import { createRouter } from './router.tsx';
import { keepFocus } from './ui/keep-focus.ts';
import { styleNonce } from './ui/style-nonce.ts';
import { ThemeProvider } from './ui/theme-provider.tsx';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server has answered stays so; a server that cannot be reached may come back.
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status === 503),
    },
  },
});

async function start(): Promise<void> {
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no element "root".');
  // What keeps the page from scrolling behind a dialog reads it from here (npm package get-nonce).
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
  keepFocus();
  await startI18n();
  createRoot(root).render(
    <StrictMode>
      <ThemeProvider>
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-right" />
          <Suspense>
            <RouterProvider router={createRouter(queries)} />
          </Suspense>
        </QueryClientProvider>
      </ThemeProvider>
    </StrictMode>,
  );
}

void start();
