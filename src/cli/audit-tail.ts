// `anyrole audit tail`: the last events of the chain, and with --follow those that come. Lines of JSON, as they are stored.
import { setTimeout as pause } from 'node:timers/promises';
import { endsOf, eventsFrom, lastEvents, passes, placeBefore } from '../audit/walking.ts';
import { openAuditDirectory } from '../audit-directory.ts';
import { ConfigError } from '../config.ts';
import { type FilterFlags, filterOf, print } from './audit-lines.ts';
import { askedToStop } from './stopping.ts';

export type AuditTailFlags = FilterFlags & {
  readonly dataDir: string;
  readonly follow?: boolean;
  readonly lines: string;
};

/** Milliseconds between two looks at the log. */
const lookEveryMs = 500;

/** Resolves when all is printed; with --follow after SIGINT or SIGTERM. Throws ConfigError. */
export async function auditTail(flags: AuditTailFlags): Promise<void> {
  const filter = filterOf(flags, new Date());
  const lines = /^\d{1,5}$/.test(flags.lines) ? Number(flags.lines) : undefined;
  if (lines === undefined) throw new ConfigError(`--lines \`${flags.lines}\`: expected a number`);
  const stop = new AbortController();
  if (flags.follow) void askedToStop().then(() => stop.abort());
  const { source, named: chain, close } = openAuditDirectory(flags.dataDir);
  if (chain === undefined) throw new ConfigError(`--data-dir \`${flags.dataDir}\`: no audit chain is begun there`);
  const printFrom = async (after: number): Promise<number> => {
    let last = after;
    for await (const event of eventsFrom(source, chain, after)) {
      if (passes(event, filter)) await print(event.text);
      last = event.sequence;
      if (stop.signal.aborted) break;
    }
    return last;
  };
  const printLast = async (): Promise<number> => {
    const { last } = await endsOf(source, chain);
    for (const { text } of await lastEvents(source, chain, filter, last, lines)) await print(text);
    return last;
  };
  try {
    let last =
      filter.since === undefined ? await printLast() : await printFrom(await placeBefore(source, chain, filter.since));
    while (flags.follow && !stop.signal.aborted) {
      await pause(lookEveryMs, undefined, { signal: stop.signal }).catch(() => {});
      last = await printFrom(last);
    }
  } finally {
    close();
  }
}
