// Chains: the certificates of a request parsed and validated as the server does it, with and without a memory of them.
import { type Certificate, parseCertificate } from '../src/core/x509/certificate.ts';
import { validatePath } from '../src/core/x509/path.ts';
import { type Knowledge, knowledge } from '../src/gateway/knowledge.ts';
import { type Authority, type KeyName, type KeyPair, makeCa } from '../test/pki.ts';
import type { Effort } from './effort.ts';
import { freshVerifyRate, processorClock, rate, verifyRate } from './raw-verify.ts';
import { median } from './statistics.ts';

export type ChainCase = {
  readonly kind: 'chain';
  readonly title: string;
  readonly key: KeyName;
  readonly intermediates: number;
};

/** Chains per second of processor time, unless it says otherwise. */
export type ChainRun = {
  /** Leaf and intermediates parsed, nothing judged. */
  readonly parsed: number;
  /** Parsed, their keys made, all signatures verified: certificates that nobody has seen. The anchor is known. */
  readonly cold: number;
  /** A leaf that nobody has seen below intermediates that the server remembers: one signature. */
  readonly newLeaf: number;
  /** All of it through the memory of the server. */
  readonly cached: number;
  /** V: verifications per second, the key object at hand. */
  readonly verify: number;
  /** F: verifications per second, each with a key object made for it. */
  readonly freshVerify: number;
};

/** The medians of the runs. */
export type ChainResult = ChainCase &
  ChainRun & {
    /** n: signatures in the chain. */
    readonly signatures: number;
    /** L: V / n. */
    readonly limit: number;
    readonly coldRatio: number;
    /** newLeaf / V. */
    readonly newLeafRatio: number;
    readonly cachedRatio: number;
    /** LK: as L, but the keys of all intermediates are made first: 1 / ((n - 1) / F + 1 / V). */
    readonly limitWithKeys: number;
    readonly coldRatioWithKeys: number;
    readonly runs: readonly ChainRun[];
    readonly failure?: string;
  };

type Chain = {
  readonly anchor: Certificate;
  /** Leaf first. */
  readonly ders: readonly Uint8Array[];
  readonly now: Date;
  readonly keys: KeyPair;
};

/** Certificates, and what they were judged to be, are remembered from the second time on, one after the other. */
const timesUntilRemembered = 8;

/** Of `--seconds`, for one measurement of the six. */
const share = 1 / 5;

export async function measureChain(asked: ChainCase, effort: Effort): Promise<ChainResult> {
  const chain = chainOf(asked);
  const seconds = effort.seconds * share;
  await measureOnce(chain, Math.min(seconds, 0.5)); // warms up
  const runs: ChainRun[] = [];
  while (runs.length < effort.runs) runs.push(await measureOnce(chain, seconds));
  const of = (member: keyof ChainRun) => median(runs.map((run) => run[member]));
  const [cold, newLeaf, cached] = [of('cold'), of('newLeaf'), of('cached')];
  const [verify, freshVerify] = [of('verify'), of('freshVerify')];
  const signatures = asked.intermediates + 1;
  const limit = verify / signatures;
  const limitWithKeys = 1 / (asked.intermediates / freshVerify + 1 / verify);
  const rates = { parsed: of('parsed'), cold, newLeaf, cached, verify, freshVerify };
  const coldRatios = { coldRatio: cold / limit, coldRatioWithKeys: cold / limitWithKeys };
  const ratios = { ...coldRatios, newLeafRatio: newLeaf / verify, cachedRatio: cached / limit };
  return { ...asked, ...rates, signatures, limit, limitWithKeys, ...ratios, runs };
}

function chainOf({ key, intermediates }: ChainCase): Chain {
  const root = makeCa({ key, subject: 'CN=Bench Root CA,O=Anyrole' });
  const authorities: Authority[] = [];
  for (let at = 1; at <= intermediates; at++) {
    const issuer = authorities.at(-1) ?? root;
    authorities.push(issuer.issueCa({ key: `${key}#${at}`, subject: `CN=Bench Issuing CA ${at},O=Anyrole` }));
  }
  const subject = 'CN=workload-7,OU=Bench,O=Anyrole';
  const leaf = (authorities.at(-1) ?? root).issue({ key, subject, eku: ['clientAuth'] });
  return {
    anchor: root.certificate,
    ders: [leaf, ...authorities.toReversed()].map(({ der }) => der),
    now: new Date('2026-06-01T00:00:00Z'),
    keys: root.keys,
  };
}

/** Everything once, one after the other, so that whatever else the machine does falls on all of it. */
async function measureOnce({ ders, anchor, now, keys }: Chain, seconds: number): Promise<ChainRun> {
  const memory = knowledge();
  const parsing =
    (parse: typeof parseCertificate, parseIssuer = parse) =>
    () =>
      ders.map((der, at) => {
        const parsed = at === 0 ? parse(der) : parseIssuer(der);
        if (!parsed.ok) throw new Error(`a good certificate does not parse: ${parsed.detail}`);
        return parsed.certificate;
      });
  const judging = (parse: () => readonly Certificate[], validate: Knowledge['validatePath']) => () => {
    const [leaf, ...intermediates] = parse();
    return leaf && validate({ leaf, intermediates, anchors: [anchor], now });
  };
  const validating = (parse: () => readonly Certificate[], validate: Knowledge['validatePath']) => () => {
    const verdict = judging(parse, validate)();
    // A path that is remembered, or has no issuer that is, is judged at once.
    if (verdict instanceof Promise) throw new Error('a path was not judged at once');
    if (!verdict?.ok) throw new Error(`a good chain is not trusted: ${verdict?.detail}`);
  };
  const cpuRate = (once: () => void) => rate(seconds, once, processorClock);
  const remembered = judging(parsing(memory.certificateOf), memory.validatePath);
  for (let times = 0; times < timesUntilRemembered; times++) await remembered();
  return {
    verify: verifyRate(keys, seconds, processorClock),
    freshVerify: freshVerifyRate(keys, seconds, processorClock),
    parsed: cpuRate(parsing(parseCertificate)),
    cold: cpuRate(validating(parsing(parseCertificate), validatePath)),
    newLeaf: cpuRate(validating(parsing(parseCertificate, memory.certificateOf), validatePath)),
    cached: cpuRate(validating(parsing(memory.certificateOf), memory.validatePath)),
  };
}
