// Follows the server's stream of changes, and asks again for what is shown and has changed.

import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ChangeEvent } from '../../../src/http/routes/designer-views.ts';
import { apiUrl } from './request.ts';
import { refreshQueries } from './stale.ts';

/** First part of the query keys that each kind of change makes stale. */
const STALE: Readonly<Record<ChangeEvent['event'], readonly string[]>> = {
  executions: ['executions', 'execution', 'activity', 'stats', 'learned'],
  workflows: ['workflows', 'workflow', 'revisions', 'activity', 'tags'],
  endpoints: ['endpoints', 'endpoint', 'endpoint-stats'],
  // A new sign-in is a new session.
  notices: ['notices', 'own-sessions', 'user-sessions'],
  deliveries: ['deliveries', 'delivery', 'messages', 'message', 'attempts', 'endpoint-stats'],
};

/** Mounted once, in the shell. The browser connects again by itself; then everything shown is asked for again. */
export function useChanges(): void {
  const client = useQueryClient();
  useEffect(() => {
    const source = new EventSource(apiUrl('/api/events'));
    let wasOpen = false;
    const refresh = (name: ChangeEvent['event']): void => {
      void refreshQueries(client, STALE[name]);
    };
    const names = Object.keys(STALE) as ChangeEvent['event'][];
    const listeners = names.map((name) => [name, () => refresh(name)] as const);
    for (const [name, listener] of listeners) source.addEventListener(name, listener);
    source.addEventListener('open', () => {
      if (wasOpen) for (const name of names) refresh(name);
      wasOpen = true;
    });
    return () => source.close();
  }, [client]);
}
