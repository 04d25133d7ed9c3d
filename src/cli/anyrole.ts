// The command line: what can be asked, with which flags. Each command's work is done elsewhere.
import { Command, CommanderError } from 'commander';
import { ConfigError, defaultDataDir, defaultListen, type Environment } from '../config.ts';
import { quickstart } from './quickstart.ts';
import { serve } from './serve.ts';

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
    .action((flags) => serve(flags, environment));
  listening(
    anyrole.command('quickstart').description('run a demonstration: a PKI, a role, and credentials from a certificate'),
  )
    .option('--once', 'stop after the proof')
    .action((flags) => quickstart(flags, environment));
  return anyrole;
}

function listening(command: Command): Command {
  return command
    .option('--listen <host:port>', 'where to listen', defaultListen)
    .option('--data-dir <dir>', 'where the store and the keyring stand', defaultDataDir)
    .option('--metrics-listen <host:port>', 'where Prometheus scrapes GET /metrics; without it nowhere')
    .option('--config <file>', 'JSON file with quotas, rates and private certificate authorities')
    .allowExcessArguments(false)
    .exitOverride();
}
