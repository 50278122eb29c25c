// @vitest-environment jsdom
// Leaving the editor with unsaved changes.

import { MantineProvider } from '@mantine/core';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { I18nextProvider } from 'react-i18next';
import { createMemoryRouter, Link, RouterProvider } from 'react-router';
import { expect, test } from 'vitest';
import { LeaveGuard } from '../../../client/src/editor/leave-guard.tsx';
import { createTexts, renderPart } from '../render.tsx';

// Fills what jsdom lacks.
renderPart(null);

function open(options: { isDirty: boolean; canBeSaved?: boolean }) {
  function Editor() {
    const [isDirty, setDirty] = useState(options.isDirty);
    return (
      <>
        <Link to="/elsewhere">away</Link>
        <Link to="?revision=1">a revision</Link>
        <LeaveGuard
          isDirty={isDirty}
          isSaving={false}
          onSave={async () => {
            if (options.canBeSaved === true) setDirty(false);
            return options.canBeSaved === true;
          }}
        />
      </>
    );
  }
  const router = createMemoryRouter(
    [
      { path: '/editor', element: <Editor /> },
      { path: '/elsewhere', element: <p>elsewhere</p> },
    ],
    { initialEntries: ['/editor'] },
  );
  render(
    <I18nextProvider i18n={createTexts()}>
      <MantineProvider env="test">
        <RouterProvider router={router} />
      </MantineProvider>
    </I18nextProvider>,
  );
  return { router, user: userEvent.setup({ delay: null }) };
}

test('without changes nobody asks', async () => {
  const { user } = open({ isDirty: false });
  await user.click(screen.getByText('away'));
  expect(await screen.findByText('elsewhere')).toBeTruthy();
});

test('with changes one may stay', async () => {
  const { user, router } = open({ isDirty: true });
  await user.click(screen.getByText('away'));
  await user.click(await screen.findByRole('button', { name: 'Stay here' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(router.state.location.pathname).toBe('/editor');
});

test('with changes one may leave all the same', async () => {
  const { user } = open({ isDirty: true });
  await user.click(screen.getByText('away'));
  await user.click(await screen.findByRole('button', { name: 'Leave without saving' }));
  expect(await screen.findByText('elsewhere')).toBeTruthy();
});

test('one leaves after saving', async () => {
  const saved = open({ isDirty: true, canBeSaved: true });
  await saved.user.click(screen.getByText('away'));
  await saved.user.click(await screen.findByRole('button', { name: 'Save and leave' }));
  expect(await screen.findByText('elsewhere')).toBeTruthy();
});

test('a refused save keeps one in the editor', async () => {
  const { user, router } = open({ isDirty: true, canBeSaved: false });
  await user.click(screen.getByText('away'));
  await user.click(await screen.findByRole('button', { name: 'Save and leave' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(router.state.location.pathname).toBe('/editor');
});

test('looking at a revision leaves nothing', async () => {
  const { user, router } = open({ isDirty: true });
  await user.click(screen.getByText('a revision'));
  expect(router.state.location.search).toBe('?revision=1');
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('the browser is asked to hold the window open', () => {
  open({ isDirty: true });
  const event = new Event('beforeunload', { cancelable: true });
  window.dispatchEvent(event);
  expect(event.defaultPrevented).toBe(true);
});
