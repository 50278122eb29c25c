// @vitest-environment jsdom
// Each list of the designer marks the row that cannot be read, and shows the others as usual.

import type { QueryKey } from '@tanstack/react-query';
import { screen, within } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { describe, expect, test } from 'vitest';
import { RevisionsPanel } from '../../../client/src/editor/revisions/revisions-panel.tsx';
import { UnreadableSample } from '../../../client/src/editor/trigger/pinned-sample.tsx';
import type { Language } from '../../../client/src/i18n.ts';
import { Attempts } from '../../../client/src/pages/outbound/attempt-list.tsx';
import { DeliveryList } from '../../../client/src/pages/outbound/delivery-list.tsx';
import EndpointPage from '../../../client/src/pages/outbound/endpoint-page.tsx';
import EndpointsPage from '../../../client/src/pages/outbound/endpoints-page.tsx';
import EventTypesPage from '../../../client/src/pages/outbound/event-types-page.tsx';
import MessagePage from '../../../client/src/pages/outbound/message-page.tsx';
import MessagesPage from '../../../client/src/pages/outbound/messages-page.tsx';
import { AuditSection } from '../../../client/src/pages/settings/audit-section.tsx';
import { SecretsSection } from '../../../client/src/pages/settings/secrets-section.tsx';
import { TokensSection } from '../../../client/src/pages/settings/tokens-section.tsx';
import { UsersSection } from '../../../client/src/pages/settings/users-section.tsx';
import { Unreadable } from '../../../client/src/ui/unreadable.tsx';
import { createQueries, renderPart } from '../render.tsx';

const AT = '2026-12-01T09:30:00.000Z';
const REASON = 'detail is not JSON';
const SHORT: Readonly<Record<Language, string>> = { en: 'Unreadable', nl: 'Onleesbaar', fr: 'Illisible' };

const delivery = {
  ...{ id: 'd1', messageId: 'm1', endpointId: 'e1', eventType: 'order.created', status: 'failed', dueAt: null, attemptCount: 1 },
  ...{ orderingKey: null, url: null, lastStatus: 200, error: null, createdAt: AT, finishedAt: AT },
};
const message = {
  ...{ id: 'm1', type: 'order.created', version: 1, timestamp: AT, userId: null, idempotencyKey: null },
  ...{ executionId: null, jobPath: null, createdAt: AT },
};
const attempt = {
  ...{ id: 'a1', endpointId: 'e1', deliveryIds: ['d1'], kind: 'delivery' as const, number: 1, succeeded: true, status: 200 },
  ...{ error: null, startedAt: AT, url: '', requestHeaders: {}, body: null, responseHeaders: null, responseBody: null },
  timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 },
  isResponseCut: false,
};
const endpoint = {
  ...{ id: 'e1', kind: 'endpoint', url: 'https://shop.example/', description: 'Shop', eventTypes: ['*'], warnings: [] },
  ...{ enabled: false, status: 'disabled', reason: null, since: null, failures: 0, probeAt: null, blocking: { count: 'all' } },
  ...{ createdAt: AT, updatedAt: AT },
};
const version = { version: 1, title: 'Order', description: '', downConversion: null, createdAt: AT, updatedAt: AT };
const user = { id: 'u1', email: 'ada@example.com', name: 'Ada', role: 'viewer', secondFactor: false, status: 'disabled' };
const token = { id: 't1', name: 'ci', hint: 'abcd', permissions: [], expiresAt: null, lastUsedAt: null, createdBy: 'Ada' };
const secret = { name: 'KEY', description: '', allowedHosts: [], usedBy: [], createdAt: AT, updatedAt: AT, updatedBy: 'Ada' };
const entry = {
  ...{ id: 'x1', at: AT, actor: { kind: 'nobody', id: '', name: 'ada@example.com' }, action: 'createSecret', target: 'KEY' },
  ...{ fields: [], address: '127.0.0.1', outcome: 'done', details: {}, sequence: 1, hash: null },
};

const bad = <Row extends object>(row: Row): Row & { unreadable: string } => ({ ...row, unreadable: REASON });
const both = <Row extends object>(row: Row, id: Partial<Row>): { data: Row[]; nextCursor: null } => ({
  data: [bad(row), { ...row, ...id }],
  nextCursor: null,
});
const pages = (list: object) => ({ pages: [list], pageParams: [''] });

type Case = readonly [name: string, element: ReactNode, queryKey: QueryKey, answer: unknown];

const LISTS: readonly Case[] = [
  [
    'deliveries',
    <DeliveryList key="1" filter={{ messageId: 'm1' }} />,
    ['deliveries', { messageId: 'm1', limit: 25 }],
    both(delivery, { id: 'd2' }),
  ],
  ['messages', <MessagesPage key="2" />, ['messages', ''], pages(both(message, { id: 'm2' }))],
  ['endpoints', <EndpointsPage key="3" />, ['endpoints', { sought: '', status: null }], pages(both(endpoint, { id: 'e2' }))],
  [
    'event types',
    <EventTypesPage key="4" />,
    ['event-types'],
    {
      data: [
        { name: 'order.created', latestVersion: 1, versions: [bad(version)] },
        { name: 'order.paid', latestVersion: 1, versions: [version] },
      ],
    },
  ],
  ['users', <UsersSection key="5" />, ['users'], both({ ...user, lastSeenAt: null, createdAt: AT }, { id: 'u2' })],
  ['tokens', <TokensSection key="6" />, ['tokens'], both({ ...token, createdAt: AT }, { id: 't2' })],
  ['secrets', <SecretsSection key="7" />, ['secrets'], both(secret, { name: 'OTHER', allowedHosts: [] })],
  ['audit entries', <AuditSection key="8" />, ['audit', { actor: '', outcome: '' }], pages(both(entry, { id: 'x2' }))],
];

describe.each(['en', 'nl', 'fr'] as const)('in %s', (language) => {
  test.each(LISTS)('%s', async (_name, element, queryKey, answer) => {
    const queries = createQueries();
    queries.setQueryData(queryKey, answer);
    renderPart(element, { language, queries });
    const [, damaged, sound] = await screen.findAllByRole('row');
    expect(within(damaged as HTMLElement).getByText(SHORT[language])).toBeTruthy();
    expect(within(sound as HTMLElement).queryByText(SHORT[language])).toBeNull();
    expect(document.body.textContent).not.toMatch(/undefined|NaN|Invalid Date/);
  });

  test('the mark explains itself to those who hover, focus or listen', () => {
    renderPart(<Unreadable record={{ unreadable: REASON }} />, { language });
    const label = screen.getByText(SHORT[language]).closest('[aria-label]')?.getAttribute('aria-label');
    expect(label).toMatch(new RegExp(`${SHORT[language]}.*Hookline.*${REASON}`));
  });
});

test('a page of an unreadable endpoint or message says so in plain sight', async () => {
  const queries = createQueries();
  queries.setQueryData(['endpoint', 'e1'], bad(endpoint));
  queries.setQueryData(['message', 'm1'], bad({ ...message, data: { total: 5 }, deliveries: [] }));
  const page = (path: string, element: ReactNode) => (
    <Routes>
      <Route path={path} element={element} />
    </Routes>
  );
  const shown = renderPart(page('/endpoints/:id', <EndpointPage />), { queries, path: '/endpoints/e1' });
  expect(screen.getByText(/Nothing is sent to it/)).toBeTruthy();
  shown.unmount();
  renderPart(page('/messages/:id', <MessagePage />), { queries, path: '/messages/m1' });
  expect(screen.getByText(/This version cannot read all of this entry/)).toBeTruthy();
  expect(screen.getByText(/detail is not JSON/)).toBeTruthy();
});

test('an unreadable attempt is marked, and shows no times that were not measured', async () => {
  const { user: person } = renderPart(<Attempts attempts={[bad(attempt)]} />);
  const control = screen.getByRole('button', { name: /Unreadable/ });
  expect(control.textContent).not.toMatch(/ms/);
  await person.click(control);
  expect(await screen.findByText(/detail is not JSON/)).toBeTruthy();
});

test('an unreadable revision can be neither compared, made live nor copied', async () => {
  const queries = createQueries();
  const revision = { workflowId: 'w1', trigger: { type: 'webhook', config: {} }, nodes: [], createdAt: AT, executed: true };
  queries.setQueryData(['revisions', 'w1'], {
    data: [
      { ...revision, revision: 3, live: true },
      bad({ ...revision, revision: 2, live: false }),
      { ...revision, revision: 1, live: false },
    ],
    nextCursor: null,
  });
  const shown: unknown[][] = [];
  const workflow = { id: 'w1', revision: 3 } as Parameters<typeof RevisionsPanel>[0]['workflow'];
  const ignore = (): void => undefined;
  const { user: person } = renderPart(
    <RevisionsPanel
      workflow={workflow}
      shown={2}
      comparedWith={undefined}
      canWrite
      isDirty={false}
      onShow={(...args) => shown.push(args)}
      onActivate={ignore}
      onEditCopy={ignore}
      onSelectNode={ignore}
    />,
    { queries },
  );
  const [, damaged, oldest] = screen.getAllByRole('listitem') as [HTMLElement, HTMLElement, HTMLElement];
  expect(
    within(damaged)
      .getAllByRole('button')
      .map(({ textContent }) => textContent),
  ).toEqual(['Look at it']);
  expect(within(damaged).getByText(/This revision cannot be read/)).toBeTruthy();
  expect(within(oldest).getByRole('button', { name: 'Activate' })).toBeTruthy();
  await person.click(screen.getByRole('button', { name: 'Compare two revisions' }));
  expect(shown).toEqual([[3, 1]]);
});

test('an unreadable example is said to be there, and can be forgotten', () => {
  renderPart(<UnreadableSample workflowId="w1" reason={REASON} readOnly={false} />);
  expect(screen.getByText(/cannot be read/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Forget it' })).toBeTruthy();
});
