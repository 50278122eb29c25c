// What the server says is wrong, one sentence for each place.

import { ApiError } from '../../api/request.ts';
import { errorText } from '../../ui/notify.ts';

/** The problems that an error lists, or the error itself. */
export function problemTexts(error: unknown): string[] {
  const details = error instanceof ApiError ? error.details : undefined;
  const problems = typeof details === 'object' && details !== null && 'problems' in details ? details.problems : details;
  if (!Array.isArray(problems) || problems.length === 0) return [errorText(error)];
  return problems.map((problem: unknown) => {
    if (typeof problem !== 'object' || problem === null || !('message' in problem)) return String(problem);
    const path = 'path' in problem ? String(problem.path) : '';
    return path === '' ? String(problem.message) : `${path}: ${String(problem.message)}`;
  });
}
