// Who may import whom. A folder lists what it may reach; everything else is an error, and so is every cycle.

/** Parts of the engine that hold state or start something. */
const IMPURE_ENGINE =
  'engine|admission|turns|manual-runs|leadership|runner|workflows|stored-workflows|workflow-(reader|editor|copies|trash)|registry';
/** The others; plugins, storage and the client build on them. */
const PURE_ENGINE = `^src/engine/(?!(${IMPURE_ENGINE})\\.ts$)`;
const CONTRACTS = '^src/engine/(ports|model|plugin)\\.ts$';
const ERRORS = '^src/errors\\.ts$';
const NPM = '^node_modules/';
const DATABASES = '^node_modules/(@types/)?(sequelize|sqlite3|pg|umzug)/';
const POSTGRES = '^node_modules/(@types/)?pg/';
const WEB = '^node_modules/(@types/)?(koa|koa-[a-z]+|koa__router|@koa/[a-z]+)/';
const NODE = { dependencyTypesNot: ['core'] };

/** A folder and everything it may import. `core` of Node is always fine here; see `engine-is-pure`. */
function folder(name, path, allowed, options = {}) {
  return {
    name,
    severity: 'error',
    comment: options.comment ?? `${path} may import only: ${allowed.join('  ')}`,
    from: { path, ...(options.except ? { pathNot: options.except } : {}) },
    // What only types are taken from is gone when it runs.
    to: { pathNot: allowed, ...(options.typesToo ? { dependencyTypesNot: ['core', 'type-only'] } : NODE) },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle hides who depends on whom. Type-only imports may point back.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'production-dependencies-only',
      severity: 'error',
      comment: 'What is shipped may not need a development dependency (types aside).',
      from: { path: '^(src|migrations)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },

    folder('errors', ERRORS, []),
    folder('config', '^src/config(\\.ts$|/)', [
      '^src/config/',
      ERRORS,
      '^src/engine/(nearest|allowed-hosts)\\.ts$',
      '^src/outbound/guard/targets\\.ts$',
      '^src/http/trusted-proxies\\.ts$',
      '^src/access/token-strength\\.ts$',
      '^node_modules/zod/',
    ]),
    folder('engine', '^src/engine/', ['^src/engine/', ERRORS, '^node_modules/(@types/)?(zod|uuid|qs|jsonpath-plus|re2js)/']),
    {
      name: 'engine-is-pure',
      severity: 'error',
      comment: 'The kernel knows no network, no files, no processes.',
      from: { path: '^src/engine/' },
      to: { path: '^(node:)?(http|https|http2|net|tls|dgram|dns|fs|child_process|worker_threads|cluster)(/|$)' },
    },
    folder('plugins', '^src/plugins/([^/]+)/', ['^src/plugins/$1/', PURE_ENGINE, ERRORS, NPM], {
      comment: 'A plugin imports the contract and pure parts of the engine, errors, its own folder and its own npm packages.',
    }),
    folder('plugins-index', '^src/plugins/[^/]+\\.ts$', ['^src/plugins/', CONTRACTS, ERRORS]),
    {
      name: 'plugins-have-no-database-and-no-server',
      severity: 'error',
      comment: 'A plugin gets what it needs through its context.',
      from: { path: '^src/plugins/' },
      to: { path: [DATABASES, WEB] },
    },
    folder('expressions', '^src/expressions/', ['^src/expressions/', PURE_ENGINE, ERRORS, NPM]),
    folder('secrets', '^src/secrets/', ['^src/secrets/', PURE_ENGINE, ERRORS]),
    folder('outbound', '^src/outbound/', ['^src/outbound/', PURE_ENGINE, ERRORS, NPM]),
    folder('storage', '^src/storage/', [
      '^src/storage/',
      '^migrations/',
      '^src/access/(model|ports)\\.ts$',
      PURE_ENGINE,
      ERRORS,
      DATABASES,
      '^node_modules/(zod|uuid)/',
    ]),
    folder('migrations', '^migrations/', ['^migrations/', DATABASES]),
    folder('queue', '^src/queue/', ['^src/queue/', PURE_ENGINE, ERRORS, '^node_modules/graphile-worker/', POSTGRES]),
    folder('cluster', '^src/cluster/', ['^src/cluster/', PURE_ENGINE, ERRORS, POSTGRES]),
    folder('access', '^src/access/', ['^src/access/', PURE_ENGINE, ERRORS, NPM]),
    folder('http', '^src/http/', ['^src/http/', '^src/access/', '^src/engine/', '^src/outbound/', '^src/secrets/', ERRORS, NPM]),
    {
      name: 'http-has-no-database',
      severity: 'error',
      comment: 'HTTP talks to the engine and the storage port, never to a database.',
      from: { path: '^src/http/' },
      to: { path: DATABASES },
    },
    folder(
      'client',
      '^client/src/',
      ['^client/src/', PURE_ENGINE, '^src/access/model\\.ts$', '^src/plugins/[^/]+/schema\\.ts$', NPM],
      {
        comment:
          'The designer is bundled for browsers: of the server it may run only what is pure; of the rest it may know types.',
        typesToo: true,
      },
    ),
    {
      name: 'wiring-is-at-the-top',
      severity: 'error',
      comment:
        'Only app.ts, wiring/, backend.ts, index.ts, main.ts and cli/ know all parts; nothing below imports them or the configuration.',
      from: {
        path: '^(src|migrations)/',
        pathNot: '^src/(app|backend|postgres-backend|index|main|config)\\.ts$|^src/(cli|config|wiring)/',
      },
      to: { path: '^src/(app|backend|postgres-backend|index|main|config)\\.ts$|^src/(cli|config|wiring)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
