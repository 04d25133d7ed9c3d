// The log: one JSON line for each thing that happened, for people and machines that run the server. It is given facts
// by name; headers, bodies, tokens and keys are never among them.
import pino from 'pino';

export type Facts = Readonly<Record<string, unknown>>;

export type Log = {
  info(facts: Facts, message: string): void;
  error(facts: Facts, message: string): void;
  /** Writes what is still buffered. */
  flush(): void;
};

/** Lines on `write`, e.g. standard error. The redaction is a second fence: no caller passes these. */
export function jsonLog(write: (line: string) => void): Log {
  const hidden = ['authorization', 'secretAccessKey', 'sessionToken', 'privateKey', 'token', 'secret'];
  const logger = pino(
    { base: null, redact: { paths: hidden.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' } },
    { write },
  );
  return {
    info: (facts, message) => logger.info(facts, message),
    error: (facts, message) => logger.error(facts, message),
    flush: () => logger.flush(),
  };
}

/** A log that keeps nothing. */
export const silentLog: Log = Object.freeze({ info: () => {}, error: () => {}, flush: () => {} });
