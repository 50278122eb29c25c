// The pages by path; each is loaded when it is first opened.

import type { QueryClient } from '@tanstack/react-query';
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { loadTexts } from './i18n.ts';
import { PageError } from './shell/page-error.tsx';
import { Shell } from './shell/shell.tsx';
import { Loading } from './ui/page.tsx';

type PageModule = { default: React.ComponentType };

/** @param texts the only parts whose texts it needs; default all */
function page(path: string, load: () => Promise<PageModule>, texts?: readonly string[]): RouteObject {
  return {
    path,
    lazy: async () => {
      const [{ default: Component }] = await Promise.all([load(), loadTexts(texts)]);
      return { Component };
    },
    HydrateFallback: Loading,
    errorElement: <PageError />,
  };
}

export function createRouter(_queries: QueryClient) {
  return createBrowserRouter(
    [
      page('/sign-in', () => import('./pages/sign-in.tsx'), []),
      page('/welcome', () => import('./pages/welcome.tsx'), []),
      {
        path: '/',
        element: <Shell />,
        errorElement: <PageError />,
        children: [
          { index: true, element: <Navigate to="/workflows" replace /> },
          page('workflows', () => import('./pages/workflows/workflows-page.tsx'), ['workflows']),
          page('workflows/:id', () => import('./editor/editor-page.tsx')),
          page('executions', () => import('./pages/executions/executions-page.tsx')),
          page('executions/:id', () => import('./pages/executions/execution-page.tsx')),
          page('webhooks', () => import('./pages/outbound/endpoints-page.tsx')),
          page('webhooks/endpoints/:id', () => import('./pages/outbound/endpoint-page.tsx')),
          page('webhooks/event-types', () => import('./pages/outbound/event-types-page.tsx')),
          page('webhooks/messages', () => import('./pages/outbound/messages-page.tsx')),
          page('webhooks/messages/:id', () => import('./pages/outbound/message-page.tsx')),
          page('webhooks/deliveries', () => import('./pages/outbound/deliveries-page.tsx')),
          page('overview', () => import('./pages/overview/overview-page.tsx')),
          page('settings/:section?', () => import('./pages/settings/settings-page.tsx')),
          page('*', () => import('./pages/not-found.tsx')),
        ],
      },
    ],
    { basename: new URL(document.baseURI).pathname.replace(/\/$/, '') },
  );
}
