// Compiles the code of the expression processes as a build does: the permission model is for compiled code only.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import type * as Evaluators from '../../src/expressions/evaluator.ts';
import type * as StartProcess from '../../src/expressions/start-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Compiled {
  /** `src/expressions` of it. */
  readonly folder: string;
  readonly evaluators: typeof Evaluators;
  readonly starts: typeof StartProcess;
  remove(): Promise<void>;
}

/** In a folder from where the packages are found. */
export async function compileExpressions(): Promise<Compiled> {
  const cache = join(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'hookline-expressions-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const done = new Set<string>();
  const compile = async (file: string): Promise<void> => {
    if (done.has(file)) return;
    done.add(file);
    const source = await readFile(file, 'utf8');
    const { outputText } = ts.transpileModule(source, {
      fileName: file,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(folder, relative(ROOT, file)).replace(/\.ts$/, '.js');
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
    for (const [, path = ''] of source.matchAll(/(?:from |import\()'(\.[^']+\.ts)'/g))
      await compile(resolve(dirname(file), path));
  };
  for (const name of ['evaluator.ts', 'worker.ts']) await compile(join(ROOT, 'src/expressions', name));
  const expressions = join(folder, 'src/expressions');
  return {
    folder: expressions,
    evaluators: await import(join(expressions, 'evaluator.js')),
    starts: await import(join(expressions, 'start-process.js')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
