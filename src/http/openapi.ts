// Makes the OpenAPI 3.1 document of the admin API from the same schemas that check its input.

import { z } from 'zod';
import { ERROR_CATALOGUE, type ErrorCode } from '../errors.ts';
import type { Route } from './route.ts';

type Json = { [key: string]: unknown };

/** The one shape of every error reply. */
export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(ERROR_CATALOGUE)).meta({ description: 'Never renamed; what programs look at.' }),
      message: z.string().meta({ description: 'For people.' }),
      details: z.unknown().optional().meta({ description: 'For bad input `{ problems: [{ path, code, message, severity }] }`.' }),
    }),
  })
  .meta({ id: 'Error' });

/** The codes of all errors that a route can end with, its own and those of the machinery around it. */
export function errorCodes(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    'unauthorized',
    'forbidden',
    'client_address_refused',
    'unknown_host',
    'second_factor_required',
    'too_many_requests',
    'method_not_allowed',
    'internal',
    'storage_unavailable',
    ...(route.errors ?? []),
  ]);
  if (route.needsFreshPassword) codes.add('password_needed');
  if (route.params ?? route.query ?? route.headers ?? route.body) codes.add('invalid_request');
  if (route.body) codes.add('invalid_json').add('payload_too_large').add('unsupported_media_type');
  return [...codes];
}

/** Collects schemas with an id under `components.schemas`. One that reads differently as input gets a second name. */
class Components {
  readonly schemas: Json = {};

  /** The JSON Schema of a zod schema, referring to components. `input`: with defaults still to be filled in. */
  schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const converted: Json = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      // Where the format has a name, its long regular expression tells a reader nothing more.
      override: ({ jsonSchema }) => {
        if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      },
    });
    const { $schema: _dialect, $defs, ...rest } = converted;
    const definitions = isJson($defs) ? $defs : {};
    const names = new Map<string, string>();
    for (const id of Object.keys(definitions)) names.set(id, io === 'input' ? `${id}Input` : id);
    for (const [id, definition] of Object.entries(definitions)) {
      this.schemas[names.get(id) ?? id] = renameReferences(definition, names);
    }
    const result = renameReferences(rest, names);
    return isJson(result) ? result : {};
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `#/$defs/Node` -> `#/components/schemas/Node`; a schema's own id is its component's name and needs no keyword. */
function renameReferences(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, names));
  if (!isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === '$ref' && typeof inner === 'string') {
        const id = inner.replace('#/$defs/', '');
        return [key, `#/components/schemas/${names.get(id) ?? id}`];
      }
      return [key, renameReferences(inner, names)];
    }),
  );
}

/** A schema with an id is wrapped, since zod writes the outermost one in place. */
function referable(schema: z.ZodType, io: 'input' | 'output', components: Components): Json {
  const wrapped = components.schemaOf(z.object({ it: schema }), io);
  const properties = isJson(wrapped.properties) ? wrapped.properties : {};
  return isJson(properties.it) ? properties.it : {};
}

function parameters(route: Route, components: Components): Json[] {
  const list = (place: 'path' | 'query' | 'header', schema: z.ZodType | undefined): Json[] => {
    if (schema === undefined) return [];
    const { properties, required } = components.schemaOf(schema, 'input');
    const names = Array.isArray(required) ? required : [];
    return Object.entries(isJson(properties) ? properties : {}).map(([name, property]) => {
      const { description, ...rest } = isJson(property) ? property : {};
      const text = description === undefined ? {} : { description };
      return { name, in: place, required: place === 'path' || names.includes(name), ...text, schema: rest };
    });
  };
  return [...list('path', route.params), ...list('query', route.query), ...list('header', route.headers)];
}

function responses(route: Route, components: Components): Json {
  const status = route.status ?? 200;
  const mediaType = route.isStream ? 'text/event-stream' : 'application/json';
  const content = status === 204 ? {} : { content: { [mediaType]: { schema: referable(route.response, 'output', components) } } };
  const headers = Object.entries(route.replyHeaders ?? {}).map(([name, description]) => {
    return [name, { description, schema: { type: 'string' } }];
  });
  const result: Json = {
    [status]: {
      description: status === 204 ? 'Done; no body.' : 'Done.',
      ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
      ...content,
    },
  };
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodes(route)) {
    const { status } = ERROR_CATALOGUE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [errorStatus, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    result[errorStatus] = {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/json': { schema: referable(errorSchema, 'output', components) } },
    };
  }
  return result;
}

function operation(route: Route, components: Components): Json {
  const body = route.documentedBody ?? route.body;
  const isOptional = route.body?.safeParse(undefined).success ?? false;
  return {
    operationId: route.name,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    parameters: parameters(route, components),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !isOptional,
            content: { 'application/json': { schema: referable(body, 'input', components) } },
          },
        }),
    responses: responses(route, components),
    ...(route.permission === 'none' ? { security: [] } : {}),
  };
}

/** The whole document. `serverUrl` is the public URL with the prefix, `hooksUrl` what trigger and resume URLs begin with. */
export function toOpenapi(
  routes: readonly Route[],
  about: { readonly serverUrl: string; readonly hooksUrl: string; readonly version: string },
): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hookline',
      version: about.version,
      description: `The admin API of Hookline: webhook-triggered workflows and signed webhooks to others. Trigger URLs themselves are at \`POST ${about.hooksUrl}/hooks/{key}\`, and resume URLs at \`POST ${about.hooksUrl}/resume/{token}\`.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: about.serverUrl }],
    security: [{ adminToken: [] }, { session: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'The admin token, or an API token with the permission.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'hookline_session',
          description:
            'As `signIn` sets it; `__Host-hookline_session` with https and no prefix. Everything but GET also needs the header `X-CSRF-Token`.',
        },
      },
    },
  };
}
