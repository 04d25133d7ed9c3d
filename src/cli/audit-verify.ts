// `anyrole audit verify`: one line for each finding, then what was looked at. Exit status 1 where anything is wrong.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Finding, findingText } from '../audit/findings.ts';
import { type Statement, statementOf } from '../audit/statements.ts';
import type { Verdict } from '../audit/verify.ts';
import { type ExportVerdict, verifyExport } from '../audit/verify-export.ts';
import { verifyDirectory } from '../audit-directory.ts';
import { ConfigError } from '../config.ts';
import { linesOf, print } from './audit-lines.ts';

export type AuditVerifyFlags = {
  readonly dataDir: string;
  readonly checkpoints?: readonly string[];
  readonly file?: string;
  readonly key?: string;
  readonly json?: boolean;
};

/** Sets the exit status. Throws ConfigError for flags and files that cannot be used. */
export async function auditVerify(flags: AuditVerifyFlags): Promise<void> {
  const keys = flags.key === undefined ? [] : keysOf(flags.key);
  const report = (finding: Finding) =>
    void process.stdout.write(`${flags.json ? JSON.stringify(finding) : findingText(finding)}\n`);
  const verdict =
    flags.file === undefined
      ? await directoryVerdict(flags, keys, report)
      : await exportVerdict(flags.file, keys, report);
  if (flags.json) await print(JSON.stringify({ verdict }));
  else for (const line of 'parts' in verdict ? partLines(verdict) : chainLines(verdict)) await print(line);
  if (verdict.findings > 0) process.exitCode = 1;
}

async function exportVerdict(file: string, keys: readonly KeyObject[], report: (finding: Finding) => void) {
  if (keys.length === 0)
    throw new ConfigError('--file is given without --key: an export is verified with a public key');
  return verifyExport(linesOf('--file', file), keys, report);
}

async function directoryVerdict(
  { dataDir, checkpoints = [] }: AuditVerifyFlags,
  [publicKey]: readonly KeyObject[],
  report: (finding: Finding) => void,
): Promise<Verdict> {
  return verifyDirectory(dataDir, {
    ...(publicKey && { publicKey }),
    checkpoints: checkpointsIn(checkpoints, report),
    report,
  });
}

/** The checkpoints of the files: lines of their own, or lines of the server's log. Other lines of a log are passed over. */
async function* checkpointsIn(
  files: readonly string[],
  report: (finding: Finding) => void,
): AsyncGenerator<{ statement: Statement; origin: string }> {
  for (const file of files) {
    let number = 0;
    let count = 0;
    for await (const line of linesOf('--checkpoints', file)) {
      number += 1;
      const value = valueOfLine(line);
      const told = Object(value).checkpoint ?? (Object(value).statement === undefined ? undefined : value);
      if (told === undefined) continue;
      count += 1;
      const statement = statementOf(told);
      const origin = `line ${number} of ${file}`;
      if (statement !== undefined) yield { statement, origin };
      else report({ finding: 'forged', detail: `${origin} is no checkpoint that can be read` });
    }
    if (count === 0)
      throw new ConfigError(`--checkpoints \`${file}\`: expected lines with checkpoints, and found none`);
  }
}

function valueOfLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function keysOf(path: string): readonly KeyObject[] {
  try {
    const blocks = readFileSync(path, 'utf8').match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
    const keys = blocks.map((pem) => createPublicKey(pem));
    if (keys.length > 0 && keys.every(({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519')) return keys;
  } catch {
    // Said below, for what cannot be read as for what is no key.
  }
  throw new ConfigError(
    `--key \`${path}\`: expected PEM with Ed25519 public keys, as \`anyrole audit key\` prints them`,
  );
}

function* chainLines({ chains, unchained, checkpoints, checkpointsBeforeCut, findings }: Verdict): Generator<string> {
  for (const { chain, startedAt, firstSequence, lastSequence, lastTime, checkpointSequence, isHeadChecked } of chains) {
    const places = lastSequence < firstSequence ? 'no places' : `places ${firstSequence}–${lastSequence}`;
    const until = lastTime === undefined ? '' : `, the last of ${lastTime}`;
    yield `chain ${chain}, begun ${startedAt}: ${places}${until}; checkpoints agree up to place ${checkpointSequence}; ${
      isHeadChecked ? 'the head was checked' : 'the head was not checked, for want of keyring.json'
    }`;
  }
  if (unchained > 0) yield `${unchained} events are older than the chain: nothing vouches for them`;
  const cut = checkpointsBeforeCut === 0 ? '' : `, ${checkpointsBeforeCut} are of places that retention removed`;
  yield `${checkpoints} checkpoints agree${cut}`;
  yield findings === 0 ? 'whole: no findings' : `not whole: ${findings} findings`;
}

function* partLines({ parts, findings }: ExportVerdict): Generator<string> {
  for (const { chain, firstSequence, lastSequence, events, checkpoints } of parts) {
    yield `chain ${chain}: places ${firstSequence}–${lastSequence}, ${events} events, ${checkpoints} checkpoints`;
  }
  yield findings === 0 ? 'whole: no findings' : `not whole: ${findings} findings`;
}
