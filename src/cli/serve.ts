// `anyrole serve`: the server in the foreground. People read standard output, machines the JSON lines on standard error.
import { type Environment, type Flags, readConfig } from '../config.ts';
import { startServer } from '../main.ts';
import { jsonLog } from '../telemetry/log.ts';
import { collectSooner } from './memory.ts';
import { askedToStop } from './stopping.ts';

/** Milliseconds that lines wait to be written together; errors do not. */
const logEveryMs = 10;
/** Milliseconds that stopping may take: the grace of requests, and some to write what waits. */
const stopMs = 30_000;

/** Resolves after SIGTERM or SIGINT, when all that was under way is answered. Throws ConfigError. */
export async function serve(flags: Flags, environment: Environment): Promise<void> {
  const stop = askedToStop();
  const log = jsonLog((lines) => void process.stderr.write(lines), {
    now: Date.now,
    later: (work) => void setTimeout(work, logEveryMs),
  });
  collectSooner();
  // Whatever ends the process, if it is not the system itself: what waits is written first.
  process.once('exit', () => log.flush());
  const server = await startServer(readConfig(flags, environment), log);
  process.stdout.write(`anyrole: account ${server.accountId}, listening on ${server.url}\n`);
  if (server.metricsUrl) process.stdout.write(`anyrole: metrics on ${server.metricsUrl}\n`);
  if (server.newRootKey) {
    const { accessKeyId, secretAccessKey } = server.newRootKey;
    process.stdout.write(
      `anyrole: root access key, shown this once:\n  AWS_ACCESS_KEY_ID=${accessKeyId}\n  AWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`,
    );
  }
  await stop;
  // A disk that hangs must not keep the process: whoever told it to stop would kill it without a word.
  setTimeout(() => {
    process.stderr.write(`anyrole: not stopped after ${stopMs / 1000} seconds\n`);
    process.exit(1);
  }, stopMs);
  await server.close();
  process.exit(0);
}
