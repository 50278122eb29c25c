// Checks API tokens: which of them may change or test workflows and may not use named secrets.

import { MAX_ITEMS, type Patient, rowsOf } from './patient.ts';
import { type Finding, plural } from './report.ts';

/** What a program that builds or tests workflows has. */
const BUILDS: readonly string[] = ['workflows:write', 'executions:write'];

/** No problem by itself: only what names secrets needs the permission. */
export async function checkTokens(patient: Patient): Promise<Finding> {
  const rows = await rowsOf<{ id: string; name: string; permissions: string }>(
    patient,
    'SELECT id, name, permissions FROM api_tokens WHERE expires_at IS NULL OR expires_at > ? ORDER BY name, id',
    [patient.now],
  );
  const found = rows.flatMap(({ id, name, permissions }) => {
    const all = JSON.parse(permissions) as string[];
    const builds = all.filter((permission) => BUILDS.includes(permission));
    return builds.length === 0 || all.includes('secrets:use') ? [] : [{ id, text: `"${name}" has ${builds.join(' and ')}` }];
  });
  return {
    check: 'tokens',
    isProblem: false,
    summary:
      found.length === 0
        ? 'No API token may change or test workflows without "secrets:use".'
        : `${plural(found.length, 'API token')} may change or test workflows and may not use secrets: what names $secrets is refused with 403. Make a new token with "secrets:use" where it is needed.`,
    items: found.slice(0, MAX_ITEMS),
    values: { count: found.length },
  };
}
