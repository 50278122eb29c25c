// `hookline export` and `hookline import`: workflows of the configured database to and from JSON.

import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { SEALING } from '../../migrations/0013-sealing.ts';
import { type Config, loadConfig } from '../config.ts';
import { parseJson } from '../engine/json.ts';
import { createRegistry } from '../engine/registry.ts';
import { createWorkflowService, type WorkflowService, type WorkflowServiceOptions } from '../engine/workflows.ts';
import { HooklineError } from '../errors.ts';
import { createEvaluator } from '../expressions/evaluator.ts';
import { createLog } from '../log.ts';
import { builtIns } from '../plugins/index.ts';
import { checkSecretKey } from '../secrets/key-check.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { loadSecretKeys } from '../secrets/secret-keys.ts';
import { readFormatsInUse } from '../storage/migrate.ts';
import { openStorage, openStorageReader, type StorageReader } from '../storage/storage.ts';

/** Most workflows that one page of a list may have. */
const PAGE_SIZE = 100;

/**
 * Writes the named workflows, or all; a server may be running on the database.
 * @throws HooklineError `workflow_not_found`
 */
export async function exportWorkflows(ids: readonly string[], { out }: { out?: string }): Promise<void> {
  const config = loadConfig();
  const storage = await openStorageReader(config.databaseUrl);
  try {
    const workflows = {
      ...storage.workflows,
      insert: refuse,
      update: refuse,
      saveDocument: refuse,
      delete: refuse,
      deleteTrashed: refuse,
    };
    // Exports leave secrets out, so no key is needed; asking for one would make the key file.
    const secretBox = { seal: refuse, open: refuse, isCurrent: refuse, keyId: refuse, sign: refuse, verify: refuse };
    const wanted = ids.length > 0 ? ids : await allIds(storage);
    const documents = await withService(config, { storage: { workflows }, secretBox }, (service) =>
      Promise.all(wanted.map((id) => service.exportWorkflow(id))),
    );
    const json = `${JSON.stringify(ids.length === 1 ? documents[0] : documents, null, 2)}\n`;
    if (out === undefined) process.stdout.write(json);
    // It holds trigger URLs.
    else await writeFile(out, json, { mode: 0o600 });
  } finally {
    await storage.close();
  }
}

/**
 * Adds the workflows of a file; all are read before the first is added, and what was added is printed one by one.
 * @throws HooklineError `invalid_json`, `invalid_workflow`, `conflict` when a kept key is taken
 */
export async function importWorkflows(file: string, options: { keepKey?: boolean; enable?: boolean }): Promise<void> {
  const config = loadConfig();
  const content = parseJson(file === '-' ? await text(process.stdin) : await readInput(file));
  const documents = Array.isArray(content) ? content : [content];
  const { databaseUrl: url, durability, autoMigrate } = config;
  const storage = await openStorage({ url, durability, autoMigrate });
  try {
    const log = createLog(config.logLevel);
    // A process of an older version may be running on the database.
    const isKnownToAll = await readFormatsInUse(storage.connections.reader);
    const secretBox = createSecretBox(await loadSecretKeys(config, log), { writesBound: () => isKnownToAll(SEALING) });
    // A key file that was made just now, on a machine that has none yet, shall seal nothing.
    await checkSecretKey(secretBox, storage.settings, { onOtherKey: 'refuse', log });
    await withService(config, { storage, secretBox, isKnownToAll }, async (service) => {
      for (const document of documents) {
        const imported = await service.importWorkflow(document, { keepKey: options.keepKey === true });
        let isEnabled = false;
        try {
          if (options.enable === true) isEnabled = (await service.update(imported.id, { enabled: true })).enabled;
        } finally {
          // Also when it cannot be enabled: it has been added.
          console.log(`${imported.id}  ${imported.title} (${imported.mode}, ${isEnabled ? 'enabled' : 'disabled'})`);
          console.log(`  ${config.hooksUrl ?? config.publicUrl}${config.prefix}/hooks/${imported.hookKey}`);
          for (const { path, message } of imported.problems) console.log(`  note: ${path}: ${message}`);
        }
      }
    });
  } finally {
    await storage.close();
  }
}

/** A workflow service without an engine: nothing runs here. */
async function withService<Result>(
  config: Config,
  parts: Pick<WorkflowServiceOptions, 'storage' | 'secretBox' | 'isKnownToAll'>,
  work: (service: WorkflowService) => Promise<Result>,
): Promise<Result> {
  const { expressionTimeoutMs: timeoutMs, expressionWorkers: maxWorkers, expressionMemoryMb: memoryMb } = config;
  const evaluator = createEvaluator({ timeoutMs, maxWorkers, memoryMb });
  try {
    const service = createWorkflowService({
      ...parts,
      registry: createRegistry([builtIns]),
      evaluator,
      now: Date.now,
      onChange: () => {},
    });
    return await work(service);
  } finally {
    await evaluator.close();
  }
}

function refuse(): never {
  throw new TypeError('An export only reads.');
}

/** From the storage itself: the service would open the secrets to look for problems. */
async function allIds({ workflows }: Pick<StorageReader, 'workflows'>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await workflows.list({ limit: PAGE_SIZE, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

async function readInput(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new HooklineError('invalid_request', `The file ${file} cannot be read.`, { cause: error });
  }
}
