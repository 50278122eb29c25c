// Reads everything that an API can show, by its own description: each list with each filter and page by page, each thing that is
// listed, and what is read of it.

type Json = ReturnType<typeof JSON.parse>;
export type Get = (path: string) => Promise<{ status: number; body: Json }>;

export interface ReadAll {
  /** How many requests were made. */
  readonly requests: number;
  /** What was not shown, or not whole: the path, the status and the reply. */
  readonly problems: readonly string[];
}

/** They do not end. */
const STREAMS = ['/api/events', '/api/workflows/{id}/listen'];
/** For users who are signed in. */
const isOfUser = (path: string): boolean => path.startsWith('/api/me/');
/** Filters whose values the description does not list. */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  status: [
    ...['queued', 'running', 'waiting', 'succeeded', 'failed', 'error', 'canceled', 'timed_out'],
    ...['waiting,error,failed', 'succeeded,canceled'],
  ],
  source: ['webhook', 'manual', 'replay', 'subflow', 'event', 'webhook,replay'],
  search: ['a', 'receiver'],
  tag: ['shop'],
  type: ['order.one'],
  actor: ['admin'],
  action: ['createWorkflow'],
  workspace: ['acme'],
  from: ['2020-01-01'],
  to: ['2100-01-01'],
};
const PLAIN = ['/readyz', '/metrics'];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly enum?: readonly string[] };
}

/** @param get calls the API as an administrator */
export async function readEverything(get: Get): Promise<ReadAll> {
  const problems: string[] = [];
  let requests = 0;

  async function read(path: string): Promise<Json> {
    const { status, body } = await get(path);
    requests += 1;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const isWhole = PLAIN.includes(path) || !/"unreadable":"/.test(text ?? '');
    if (status !== 200 || !isWhole) problems.push(`${path}: ${status} ${text?.slice(0, 500)}`);
    return body;
  }

  /** In pages of two: what is on them is what one large page has. */
  async function compareWithPages(path: string, all: readonly Json[]): Promise<void> {
    const paged: Json[] = [];
    for (let cursor = ''; ; ) {
      const page = await read(`${path}?limit=2${cursor}`);
      paged.push(...page.data);
      if (page.nextCursor === null || paged.length >= all.length) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    const idsOf = (rows: readonly Json[]) => JSON.stringify(rows.map(({ id, name }) => id ?? name));
    if (idsOf(paged) !== idsOf(all)) problems.push(`${path}: pages of two have ${idsOf(paged)}, not ${idsOf(all)}`);
  }

  async function readFilters(path: string, parameters: readonly Parameter[]): Promise<void> {
    for (const { name, schema } of parameters) {
      // Entries of the log of changes as lines are not JSON.
      if (name === 'format') continue;
      for (const value of schema.enum ?? FILTERS[name] ?? []) await read(`${path}?${name}=${encodeURIComponent(value)}`);
    }
  }

  const description = (await get('/api/openapi.json')).body;
  const paths = Object.entries<Json>(description.paths)
    .filter(([path, { get: operation }]) => operation !== undefined && !STREAMS.includes(path) && !isOfUser(path))
    .map(([path, { get: operation }]) => ({
      path,
      parameters: (operation.parameters ?? []).filter((parameter: Parameter) => parameter.in === 'query') as Parameter[],
    }));
  const has = (parameters: readonly Parameter[], name: string): boolean => parameters.some((one) => one.name === name);

  const listed = new Map<string, Json[]>();
  for (const { path, parameters } of paths.filter(({ path }) => !path.includes('{'))) {
    const body = await read(has(parameters, 'limit') ? `${path}?limit=100` : path);
    await readFilters(path, parameters);
    if (!Array.isArray(body?.data)) continue;
    listed.set(path, body.data);
    // The log of changes grows by the reading of it.
    if (has(parameters, 'cursor') && path !== '/api/audit') await compareWithPages(path, body.data);
  }
  for (const { path, parameters } of paths) {
    const [, list = '', name = '', rest = ''] = /^([^{]+)\/\{(\w+)\}([^{]*)$/.exec(path) ?? [];
    for (const row of listed.get(list) ?? []) {
      const at = `${list}/${encodeURIComponent(row[name])}${rest}`;
      if (rest === '/input') {
        for (const { path: job } of (await read(`${list}/${row.id}`)).jobs) await read(`${at}?path=${encodeURIComponent(job)}`);
        continue;
      }
      await read(at);
      await readFilters(at, parameters);
    }
  }
  for (const { id, revision } of listed.get('/api/workflows') ?? []) {
    for (let number = 1; number <= revision; number++) {
      await read(`/api/workflows/${id}/revisions/${number}`);
      await read(`/api/workflows/${id}/revisions/1/compare/${number}`);
      await read(`/api/executions?workflowId=${id}`);
    }
  }
  for (const path of PLAIN) await read(path);
  return { requests, problems };
}
