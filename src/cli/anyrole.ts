// The command line: what can be asked, with which flags. Each command's work is done elsewhere, in a module that is loaded
// when it is asked for: who wants credentials does not wait for a server to be read.
import { Command, CommanderError, Option } from 'commander';
import { ConfigError, defaultDataDir, defaultListen, type Environment } from '../config.ts';
import { auditCommands } from './audit-commands.ts';
import { backupCommands } from './backup-commands.ts';
import { bindingFlags } from './binding-flags.ts';
import { keyringCommands } from './keyring-commands.ts';

/** Exit status of a wrong flag, file or variable. */
const usageStatus = 2;

/** Runs the command of `argv`; sets the exit status. */
export async function main(argv: readonly string[], environment: Environment): Promise<void> {
  // Whoever read the output may stop reading, as `| head` does; a server does not stop for that.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    await program(environment).parseAsync(argv);
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode === 0 ? 0 : usageStatus;
    } else if (thrown instanceof ConfigError) {
      process.stderr.write(`anyrole: ${thrown.message}\n`);
      process.exitCode = usageStatus;
    } else {
      process.stderr.write(`anyrole: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
      process.exitCode = 1;
    }
  }
}

function program(environment: Environment): Command {
  const anyrole = new Command('anyrole')
    .description('Self-hosted AWS IAM Roles Anywhere: a certificate goes in, short-lived credentials come out')
    .configureOutput({ outputError: (text, write) => write(`anyrole: ${text.replace(/^error: /, '')}`) })
    .exitOverride();
  listening(anyrole.command('serve').description('run the server until SIGTERM or SIGINT'))
    .option('--tls-cert <file>', 'PEM of the certificate and its chain')
    .option('--tls-key <file>', "PEM of the certificate's private key")
    .option('--allow-plain-http', 'listen beyond loopback without TLS, e.g. behind a proxy that adds it')
    .action(async (flags) => (await import('./serve.ts')).serve(flags, environment));
  listening(
    anyrole.command('quickstart').description('run a demonstration: a PKI, a role, and credentials from a certificate'),
  )
    .option('--once', 'stop after the proof')
    .action(async (flags) => (await import('./quickstart.ts')).quickstart(flags, environment));
  anyrole
    .command('explain <request-id>')
    .description(
      'tell why a request came out as it did: asks a running server with the AWS credentials of the environment',
    )
    .option('--endpoint <url>', 'where the server is (default: AWS_ENDPOINT_URL)')
    .option('--region <region>', 'where to sign (default: AWS_REGION)')
    .option('--json', 'all of it as JSON')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (requestId, flags) => (await import('./explain.ts')).explain(requestId, flags, environment));
  auditCommands(anyrole);
  keyringCommands(anyrole);
  backupCommands(anyrole);
  clientCommands(anyrole, environment);
  return anyrole;
}

/** The commands of the official credential helper, and `session`. */
function clientCommands(anyrole: Command, environment: Environment): void {
  const asking = (name: string, description: string) =>
    bindingFlags(anyrole.command(name).description(description), 'identity', 'session').addOption(debug());
  asking('credential-process', 'print credentials as the JSON that credential_process of an AWS profile expects')
    .option('--cache', 'keep the credentials below ~/.cache/anyrole until they end, for the next call')
    .action(async (flags, command) =>
      (await import('./credential-process.ts')).credentialProcess(flags, command, environment),
    );
  asking('update', 'keep a profile of the shared credentials file filled')
    .option('--profile <name>', 'which profile', 'default')
    .option('--once', 'update once and end')
    .action(async (flags, command) => (await import('./update.ts')).update(flags, command, environment));
  asking('session', 'show a session, or print it for a shell: eval "$(anyrole session --export …)"')
    .addOption(new Option('--export', 'lines for a shell').conflicts('json'))
    .addOption(new Option('--json', 'all of it as JSON'))
    .action(async (flags, command) => (await import('./session.ts')).session(flags, command, environment));
  asking('metadata', "serve credentials as EC2's metadata service and as the container endpoint do, until SIGTERM")
    .option('--port <n>', 'port on 127.0.0.1 (default: 9911)')
    .option('--listen <host:port>', 'where to listen, in the place of --port')
    .option('--metrics-listen <host:port>', 'where GET /metrics and GET /healthz are answered; without it no metrics')
    .option('--allow-plain-http', 'listen beyond loopback')
    .option('--allow-host <name...>', 'names of this host that clients use, besides its addresses and localhost')
    .option('--instance-profile <name|arn>', 'the role is the one that this IAM instance profile holds')
    .option('--no-imds', 'only the container endpoint')
    .option('--authorization-token-file <file>', 'serve the role at /v2/credentials/default, for the token of the file')
    .option(
      '--container <name=file...>',
      'serve a binding of --config at /v2/credentials/NAME, for the token of the file',
    )
    .addOption(new Option('--hop-limit <n>').hideHelp())
    .action(async (flags, command) => (await import('./metadata.ts')).metadata(flags, command, environment));
  bindingFlags(anyrole.command('sign-string').description('sign a fixed string, to see that the key works'), 'identity')
    .addOption(new Option('--digest <name>', 'hash').choices(['SHA256', 'SHA384', 'SHA512']).default('SHA256'))
    .addOption(new Option('--format <name>', 'form').choices(['json', 'text', 'bin']).default('json'))
    .addOption(debug())
    .action(async (flags, command) => (await import('./sign-string.ts')).signString(flags, command, environment));
  bindingFlags(anyrole.command('read-certificate-data').description('tell what a certificate is'), 'certificate')
    .addOption(debug())
    .action(async (_, command) => (await import('./read-certificate-data.ts')).readCertificateData(command));
}

function debug(): Option {
  return new Option('--debug', 'tell on standard error who asks whom for what; no secrets');
}

function listening(command: Command): Command {
  return command
    .option('--listen <host:port>', 'where to listen', defaultListen)
    .option('--data-dir <dir>', 'where the store and the keyring stand', defaultDataDir)
    .option('--metrics-listen <host:port>', 'where Prometheus scrapes GET /metrics; without it nowhere')
    .option('--config <file>', 'JSON file with quotas, rates and private certificate authorities')
    .option('--audit-checkpoints <file>', 'add every signed checkpoint of the audit log to this file, kept elsewhere')
    .allowExcessArguments(false)
    .exitOverride();
}
