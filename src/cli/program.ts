// The `hookline` command line: its commands and their options. Each command's code is loaded when it is used.

import { Command, InvalidArgumentError, Option } from 'commander';
import { nearestNames } from '../engine/nearest.ts';
import { version } from '../version.ts';

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('must be a whole number from 0 to 65535.');
  return port;
}

function refuseCommand(program: Command, name: string): never {
  const [nearest] = nearestNames(
    name,
    program.commands.map((command) => command.name()),
    1,
  );
  program.error(`error: there is no command "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`);
}

/** Builds the command line; `parseAsync` runs it. */
export function createProgram(): Command {
  const program = new Command('hookline')
    .description('Runs workflows when HTTP requests arrive, and answers them from inside the workflow.')
    .version(version)
    .showHelpAfterError('(hookline --help lists the commands)')
    .addHelpText(
      'after',
      `
Configuration comes from environment variables such as HOOKLINE_PORT and HOOKLINE_DATABASE_URL;
\`hookline config\` shows what is in effect, and the README lists them all.`,
    );

  program
    .command('start', { isDefault: true })
    .description('start the server (the default command)')
    .addOption(
      new Option(
        '--role <role>',
        'what this process does; web and worker need PostgreSQL (default: HOOKLINE_ROLE, or all)',
      ).choices(['all', 'web', 'worker']),
    )
    // What is no command ends up here, since this is the default one.
    .allowExcessArguments()
    .action(async (options: { role?: string }, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) refuseCommand(program, unknown);
      await (await import('./start.ts')).start(options);
    });

  program
    .command('demo')
    .description('start a server with two example workflows and print requests to try')
    .option('--data <folder>', 'keep the data there (default: a temporary folder, removed at the end)')
    .option('--port <number>', 'port to listen on (default: 3000, or a free one when it is taken)', parsePort)
    .action(async (options: { data?: string; port?: number }) => (await import('./demo.ts')).demo(options));

  program
    .command('export')
    .description('write workflows of the configured database as JSON: one document for one id, else a list')
    .argument('[id...]', 'ids of the workflows (default: all)')
    .option('--out <file>', 'write to this file (default: the standard output)')
    .action(async (ids: string[], options: { out?: string }) => (await import('./transfer.ts')).exportWorkflows(ids, options));

  program
    .command('import')
    .description('add workflows from a JSON file made by `hookline export` to the configured database')
    .argument('<file>', 'the file; - reads the standard input')
    .option('--keep-key', 'keep the keys of the trigger URLs (default: new ones)')
    .option('--enable', 'enable the imported workflows (default: leave them disabled)')
    .action(async (file: string, options: { keepKey?: boolean; enable?: boolean }) =>
      (await import('./transfer.ts')).importWorkflows(file, options),
    );

  program
    .command('migrate')
    .description('bring the schema of the configured database up to date')
    .action(async () => (await import('./migrate.ts')).migrateDatabase());

  program
    .command('copy')
    .description('copy everything from one database to another, empty one; no server may use either meanwhile')
    .requiredOption('--from <url>', 'the source, such as sqlite:./data/hookline.db')
    .option('--to <url>', 'the target, such as postgres://user:password@host/database (default: the configured database)')
    .action(async (options: { from: string; to?: string }) => (await import('./copy.ts')).copyDatabase(options));

  program
    .command('doctor')
    .description('say what is stuck in the configured database and why; exit code 1 when something is')
    .option('--json', 'as JSON, for programs')
    .action(async (options: { json?: boolean }) => (await import('./doctor.ts')).doctor(options));

  program
    .command('audit')
    .description('look after the audit log: check that it was not changed')
    .command('verify')
    .description('check the chain of the audit log; exit code 1 when an entry was changed or is missing')
    .option('--json', 'as JSON, for programs')
    .action(async (options: { json?: boolean }) => (await import('./audit.ts')).verifyAuditLog(options));

  program
    .command('user')
    .description('look after users: reset a forgotten password')
    .command('reset')
    .description('print a one-time link with which this user chooses a new password; a server may be running')
    .argument('<email>', 'how the user signs in')
    .action(async (email: string) => (await import('./user.ts')).resetUser(email));

  program
    .command('rotate-key')
    .description('encrypt all stored credentials with a new secret key; servers may be running; interrupted, run it again')
    .action(async () => (await import('./rotate-key.ts')).rotateKey());

  program
    .command('config')
    .description('print the configuration in effect, without secrets')
    .action(async () => {
      const { describeConfig, loadConfig } = await import('../config.ts');
      console.log(JSON.stringify(describeConfig(loadConfig()), null, 2));
    });

  return program;
}
