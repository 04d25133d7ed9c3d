// Whether the log is whole: every chain of the store, every event, and every checkpoint, in bounded memory and in short
// snapshots, so that a server may go on writing meanwhile.
import type { KeyObject } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import { auditCollection } from '../telemetry/audit.ts';
import type { Finding } from './findings.ts';
import { type ChainIdentity, headTags, publicKeyOf } from './opening.ts';
import { cutIn, headIn, identitiesIn } from './reading.ts';
import type { AuditSource } from './source.ts';
import type { Statement } from './statements.ts';
import { checkpointCheck, type KnownChain, verifyStoredCheckpoints } from './verify-checkpoints.ts';
import { verifyEvents } from './verify-events.ts';
import { type Trust, verifyLinks } from './verify-links.ts';

export type Verification = {
  /** With it heads are checked and the key of each chain is known. Without it, `publicKey` stands for that key. */
  readonly keyring?: Keyring;
  readonly publicKey?: KeyObject;
  /** The chain that the data directory names: it must be there. */
  readonly named?: string;
  /** Checkpoints that were kept elsewhere, each with where it was read. */
  readonly checkpoints?: AsyncIterable<{ readonly statement: Statement; readonly origin: string }>;
  /** Told of each finding, in the order they are found. */
  readonly report?: (finding: Finding) => void;
};

/** What was looked at. The log is whole where `findings` is 0. */
export type Verdict = {
  readonly findings: number;
  readonly chains: readonly VerifiedChain[];
  /** Events from before the first chain: nothing vouches for them. */
  readonly unchained: number;
  /** Checkpoints that agree with the log, and those of places that retention removed. */
  readonly checkpoints: number;
  readonly checkpointsBeforeCut: number;
};

export type VerifiedChain = {
  readonly chain: string;
  readonly startedAt: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastTime?: string;
  readonly events: number;
  /** The last place that a checkpoint agrees with. */
  readonly checkpointSequence: number;
  /** Whether the head was held against the keyring. */
  readonly isHeadChecked: boolean;
};

export async function verifyAudit(source: AuditSource, options: Verification = {}): Promise<Verdict> {
  const { named, checkpoints, report = () => {} } = options;
  let findings = 0;
  const found = (finding: Finding) => {
    findings += 1;
    report(finding);
  };
  const identities = await source.read(identitiesIn);
  if (named !== undefined && !identities.some(({ chain }) => chain === named)) {
    found({ finding: 'missing', chain: named, detail: 'the chain that the data directory names is not in the store' });
  }
  const known = new Map<string, KnownChain>();
  for (const identity of identities) {
    const trust = trustOf(identity, options, found);
    known.set(identity.chain, { trust, walked: await verifyLinks(source, identity.chain, trust, found) });
  }
  const isExact = findings === 0 && (await haveNoOthers(source, identities));
  const { unchained } = isExact ? { unchained: 0 } : await verifyEvents(source, identities, found);
  const checks = checkpointCheck(source, known, found);
  for (const chain of known.keys()) await verifyStoredCheckpoints(source, chain, checks, found);
  const elsewhere = checkpointCheck(source, known, found);
  for await (const { statement, origin } of checkpoints ?? []) await elsewhere.check(statement, origin);
  const stored = checks.checked();
  const outside = elsewhere.checked();
  return {
    findings,
    chains: identities.map(({ chain, startedAt }) => {
      const lastChecked = [stored, outside].map(({ lastSequences }) => lastSequences.get(chain) ?? 0);
      return { ...summaryOf(chain, known), startedAt, checkpointSequence: Math.max(...lastChecked) };
    }),
    unchained,
    checkpoints: stored.agreed + outside.agreed,
    checkpointsBeforeCut: stored.beforeCut + outside.beforeCut,
  };
}

/**
 * Whether there are as many events as places, which is enough where every place was found to have its own: then no event is
 * left that no link names, and none need be looked for.
 */
async function haveNoOthers(source: AuditSource, identities: readonly ChainIdentity[]): Promise<boolean> {
  return source.read(async (rows) => {
    if (rows.count === undefined) return false;
    let places = 0;
    for (const { chain } of identities) {
      const cut = await cutIn(rows, chain);
      const first = cut === undefined || cut === 'malformed' ? 0 : cut.sequence;
      places += ((await headIn(rows, chain))?.sequence ?? 0) - first;
    }
    return (await rows.count(auditCollection)) === places;
  });
}

function summaryOf(chain: string, known: ReadonlyMap<string, KnownChain>) {
  const { walked, trust } = known.get(chain) ?? {};
  return {
    chain,
    firstSequence: (walked?.cut.sequence ?? 0) + 1,
    lastSequence: walked?.lastSequence ?? 0,
    ...(walked?.lastTime === undefined ? {} : { lastTime: walked.lastTime }),
    events: walked?.events ?? 0,
    isHeadChecked: trust?.tags !== undefined,
  };
}

function trustOf(
  identity: ChainIdentity,
  { keyring, publicKey }: Verification,
  report: (finding: Finding) => void,
): Trust {
  if (keyring === undefined) return { publicKey, tags: undefined };
  const own = publicKeyOf(keyring, identity);
  if (own === undefined) {
    const detail = 'no key of the keyring opens the signing key of the chain';
    report({ finding: 'forged', chain: identity.chain, detail });
  }
  return { publicKey: own ?? publicKey, tags: headTags(keyring) };
}
