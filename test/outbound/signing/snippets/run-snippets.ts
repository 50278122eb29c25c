// Runs verification code in the languages that are on this machine.

import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type SnippetLanguage, verifySnippet } from '../../../../src/outbound/signing/snippets/verify-snippet.ts';
import { PROFILES, type SnippetCase, URL_SIGNED } from './cases.ts';

const run = promisify(execFile);
/** Processes at once. */
const WIDTH = 4;

/** The outcome of each case, in order. */
export type Runner = (cases: readonly SnippetCase[], folder: string) => Promise<string[]>;

export function which(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @returns the file of each profile */
async function writeSnippets(language: SnippetLanguage, folder: string): Promise<string[]> {
  return Promise.all(
    PROFILES.map(async (profile, index) => {
      const { code, fileName } = verifySnippet(language, { profiles: [profile], url: URL_SIGNED });
      const place = join(folder, language, String(index));
      await mkdir(place, { recursive: true });
      await writeFile(join(place, fileName), code);
      return join(place, fileName);
    }),
  );
}

/** Calls a program as its introduction says. @returns what it printed, with its exit code when the two do not fit */
async function call(command: string, args: readonly string[], { headers, body, secret }: SnippetCase): Promise<string> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const child = spawn(command, [...args, ...lines], {
    env: { ...process.env, WEBHOOK_SECRET: secret, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  // A program that ends before it reads its input closes it; what it printed says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const text = Buffer.concat(output).toString('utf8').trim();
  return code === (text === 'valid' ? 0 : 1) ? text : `${text} (exit ${code})`;
}

async function mapWide<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return results;
}

/** A process for each case. @param prepare from the files of the profiles: command and arguments to call one */
export function byProcess(language: SnippetLanguage, prepare: (files: string[]) => Promise<string[][]>): Runner {
  return async (cases, folder) => {
    const commands = await prepare(await writeSnippets(language, folder));
    return mapWide(cases, (one) => {
      const [command = '', ...args] = commands[one.profile] ?? [];
      return call(command, args, one);
    });
  };
}

export const interpretedBy = (language: SnippetLanguage, ...command: string[]): Runner =>
  byProcess(language, async (files) => files.map((file) => [...command, file]));

export const byGo: Runner = byProcess('go', (files) =>
  mapWide(files, async (file) => {
    const program = file.replace(/\.go$/, '');
    await run('go', ['build', '-o', program, file]);
    return [program];
  }),
);

/** A case as text that any language can take apart: fields in base64 with bars between them. */
function encodeCase({ profile, headers, body, secret }: SnippetCase): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  const fields = [secret, body, lines.join('\n')].map((text) => Buffer.from(text).toString('base64'));
  return [profile, ...fields].join('|');
}

/** In this process: starting one for each case takes longer than all cases together. */
export const byImport: Runner = async (cases, folder) => {
  const files = await writeSnippets('node', folder);
  type Verify = (headers: Readonly<Record<string, string>>, body: Buffer, secret: string) => boolean;
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(file).href) as Promise<{ readonly verify: Verify }>),
  );
  return cases.map(({ profile, headers, body, secret }) => {
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    return modules[profile]?.verify(named, Buffer.from(body), secret) ? 'valid' : 'invalid';
  });
};

/** In one process. @param python the interpreter */
export function byPythonImport(python: string): Runner {
  return async (cases, folder) => {
    await writeSnippets('python', folder);
    const all = join(folder, 'all.py');
    await writeFile(
      all,
      `import base64, importlib.util, sys
modules = {}
for line in open(sys.argv[1], encoding="ascii"):
    number, *fields = line.rstrip("\\n").split("|")
    secret, body, headers = (base64.b64decode(field) for field in fields)
    if number not in modules:
        spec = importlib.util.spec_from_file_location("verify_webhook", sys.argv[2] + "/" + number + "/verify_webhook.py")
        modules[number] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(modules[number])
    named = dict(line.split(": ", 1) for line in headers.decode().split("\\n"))
    print("valid" if modules[number].verify(named, body, secret.decode()) else "invalid")
`,
    );
    await writeFile(join(folder, 'python-cases'), cases.map(encodeCase).join('\n'));
    const { stdout } = await run(python, [all, join(folder, 'python-cases'), join(folder, 'python')]);
    return stdout.trim().split('\n');
  };
}

/** All in one project, each in a namespace of its own. Without v1a: its package would have to be downloaded. */
export const byDotnet: Runner = async (cases, folder) => {
  const place = join(folder, 'csharp-all');
  await mkdir(place, { recursive: true });
  const used = PROFILES.flatMap(({ type }, index) => (type === 'standard-v1a' ? [] : [index]));
  for (const index of used) {
    const { code } = verifySnippet('csharp', { profiles: PROFILES.slice(index), url: URL_SIGNED });
    await writeFile(join(place, `P${index}.cs`), `namespace P${index} {\n${code}}\n`);
  }
  const calls = used.map((index) => `if (a[0] == "${index}") return P${index}.VerifyWebhook.Main(a[1..]);`).join('\n');
  await writeFile(
    join(place, 'Start.cs'),
    `public static class Start { public static int Main(string[] a) {\n${calls}\nreturn 3; } }\n`,
  );
  const { stdout: version } = await run('dotnet', ['--version']);
  const framework = `net${version.split('.')[0]}.0`;
  await writeFile(
    join(place, 'all.csproj'),
    `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>${framework}</TargetFramework>
     <StartupObject>Start</StartupObject><UseAppHost>false</UseAppHost></PropertyGroup></Project>`,
  );
  await run('dotnet', ['build', '--nologo', '-o', join(place, 'out')], { cwd: place });
  return mapWide(cases, async (one) => {
    if (!used.includes(one.profile)) return one.expected;
    return call('dotnet', [join(place, 'out', 'all.dll'), String(one.profile)], one);
  });
};

/** One virtual machine for all: starting it takes longer than all cases together. */
export const byJava: Runner = async (cases, folder) => {
  const place = join(folder, 'java-all');
  const sources = await Promise.all(
    PROFILES.map(async (profile, index) => {
      const { code, fileName } = verifySnippet('java', { profiles: [profile], url: URL_SIGNED });
      await mkdir(join(place, `p${index}`), { recursive: true });
      await writeFile(join(place, `p${index}`, fileName), `package p${index};\n${code}`);
      return join(place, `p${index}`, fileName);
    }),
  );
  const choices = PROFILES.map((_, index) => `case ${index} -> p${index}.VerifyWebhook.verify(headers, body, secret);`);
  const all = join(place, 'All.java');
  await writeFile(
    all,
    `import java.nio.charset.StandardCharsets;
     import java.nio.file.*;
     import java.util.*;
     public class All {
       static byte[] decode(String text) { return Base64.getDecoder().decode(text); }
       public static void main(String[] arguments) throws Exception {
         for (String line : Files.readAllLines(Path.of(arguments[0]))) {
           String[] fields = line.split("\\\\|", -1);
           String secret = new String(decode(fields[1]), StandardCharsets.UTF_8);
           byte[] body = decode(fields[2]);
           Map<String, String> headers = new HashMap<>();
           for (String header : new String(decode(fields[3]), StandardCharsets.UTF_8).split("\\n")) {
             String[] parts = header.split(": ", 2);
             headers.put(parts[0], parts[1]);
           }
           boolean isValid = switch (Integer.parseInt(fields[0])) {
             ${choices.join('\n')}
             default -> throw new IllegalStateException();
           };
           System.out.println(isValid ? "valid" : "invalid");
         }
       }
     }`,
  );
  await run('javac', ['-encoding', 'US-ASCII', '-d', join(place, 'classes'), all, ...sources]);
  await writeFile(join(place, 'cases'), cases.map(encodeCase).join('\n'));
  const { stdout } = await run('java', ['-XX:TieredStopAtLevel=1', '-cp', join(place, 'classes'), 'All', join(place, 'cases')]);
  return stdout.trim().split('\n');
};

/** Runs all cases with files in a folder, and compares each outcome. */
export async function expectOutcomes(folder: string, runner: Runner, cases: readonly SnippetCase[]): Promise<void> {
  const outcomes = await runner(cases, folder);
  const told = cases.map(({ name }, index) => `${name} -> ${outcomes[index]}`);
  expect(told).toEqual(cases.map(({ name, expected }) => `${name} -> ${expected}`));
}
