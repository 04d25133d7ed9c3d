// What an operator may set: AWS's quotas, request rates, private CAs, and where AWS's behaviour is a choice. Its file is
// JSON, one object; what it does not name keeps its default, what it names wrongly is refused with its key.
import { isAbsolute, normalize } from 'node:path';
import { parseCertificate, parsePemCertificates } from '../core/x509/certificate.ts';
import { importViolations } from '../core/x509/constraints.ts';
import { type CrlHost, crlHostOf } from '../core/x509/crl-url.ts';
import { certificatePem } from '../core/x509/pem.ts';
import { isRegion, parseArn } from './arn.ts';

type Quota = {
  /** AWS's own number. */
  readonly standard: number;
  /** What the operator may set. Ours: what must be read at a request stays few, what is counted may be many. */
  readonly bounds: readonly [min: number, max: number];
};

const counted = [1, 1_000_000] as const;
const few = [1, 100] as const;
const regional = [1, 10_000] as const;

/**
 * AWS's quotas by name; IAM's under the names that its LimitExceeded sentences give them.
 * AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html (per account and Region) and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const quotaTable = {
  trustAnchors: { standard: 50, bounds: regional },
  profiles: { standard: 250, bounds: counted },
  certificatesPerTrustAnchor: { standard: 2, bounds: few },
  crlsPerTrustAnchor: { standard: 2, bounds: few },
  UsersPerAccount: { standard: 5000, bounds: counted },
  GroupsPerAccount: { standard: 300, bounds: counted },
  RolesPerAccount: { standard: 1000, bounds: counted },
  PoliciesPerAccount: { standard: 1500, bounds: counted },
  InstanceProfilesPerAccount: { standard: 1000, bounds: counted },
  // Listed at once: AWS gives no pages.
  OpenIdConnectProvidersPerAccount: { standard: 100, bounds: [1, 1000] },
  PoliciesPerUser: { standard: 10, bounds: few },
  PoliciesPerGroup: { standard: 10, bounds: few },
  PoliciesPerRole: { standard: 10, bounds: few },
  GroupsPerUser: { standard: 10, bounds: few },
  AccessKeysPerUser: { standard: 2, bounds: few },
  VersionsPerPolicy: { standard: 5, bounds: few },
  PolicySize: { standard: 6144, bounds: [1, 131_072] },
  ACLSizePerRole: { standard: 2048, bounds: [1, 131_072] },
} as const satisfies Readonly<Record<string, Quota>>;

/** The name of a quota, as the settings file and IAM's sentences have it. */
export type QuotaName = keyof typeof quotaTable;
export type Quotas = { readonly [Name in QuotaName]: number };

/** A value for every quota. */
function eachQuota(numberFor: (name: QuotaName, quota: Quota) => number): Quotas {
  // Object.entries gives the names of the table, each once.
  const values = Object.entries(quotaTable).map(
    ([name, quota]) => [name, numberFor(name as QuotaName, quota)] as const,
  );
  return Object.fromEntries(values) as Quotas;
}

/** A token bucket: calls per second in the long run, and calls at once after a rest. */
export type Rate = {
  readonly perSecond: number;
  /** Whole calls, at least 1. */
  readonly burst: number;
};

/** A private certificate authority that the operator vouches for, in the place of AWS Private CA. */
export type PrivateCa = {
  /** `arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID`. */
  readonly arn: string;
  /** PEM of the CA's certificate. */
  readonly certificatePem: string;
};

/** Where revocation lists may be fetched from, and how. Empty lists: nothing is fetched. */
export type CrlFetching = {
  /** For URLs that are written through the API. */
  readonly hosts: readonly CrlHost[];
  /** Absolute; for file URLs that are written through the API. */
  readonly directories: readonly string[];
  /** For URLs that stand in certificates. */
  readonly distributionPointHosts: readonly CrlHost[];
  /** From one success to the next attempt, at most. */
  readonly refreshSeconds: number;
  /** Of one attempt, redirects included. */
  readonly timeoutSeconds: number;
  /** Of one list. */
  readonly maxBytes: number;
};

export type Settings = {
  readonly quotas: Quotas;
  /** By operation; `default` is shared by all that have none of their own. Per account and Region. Absent: unlimited. */
  readonly rates: ReadonlyMap<string, Rate>;
  /** CreateSession refuses a request without instance properties where the profile requires them. AWS does not. */
  readonly enforceInstanceProperties: boolean;
  /** OpenID Connect issuers on this machine may be asked without TLS: for tests and development. */
  readonly allowLoopbackIssuers: boolean;
  /** By ARN. */
  readonly privateCas: ReadonlyMap<string, PrivateCa>;
  readonly crlSources: CrlFetching;
  /** How long audit events are kept, and how many characters of them. Without either all are. */
  readonly auditRetention: { readonly ageMs?: number; readonly characters?: number };
};

/** AWS's own, except that there are no rates. */
export const defaultSettings: Settings = Object.freeze({
  quotas: eachQuota((_name, { standard }) => standard),
  rates: new Map(),
  enforceInstanceProperties: false,
  allowLoopbackIssuers: false,
  privateCas: new Map(),
  crlSources: {
    hosts: [],
    directories: [],
    distributionPointHosts: [],
    refreshSeconds: 3600,
    timeoutSeconds: 10,
    maxBytes: 64 * 1024 * 1024,
  },
  auditRetention: {},
});

/** The rate of every operation that has none of its own. */
export const defaultRate = 'default';

/** What reading the settings needs of the world. */
export type SettingsSource = {
  /** The operations that are served: a rate may be given to these. */
  readonly operations: ReadonlySet<string>;
  /** The text of a file that the settings name, or undefined when it cannot be read. */
  textOf(file: string): string | undefined;
};

export type SettingsVerdict =
  | { readonly ok: true; readonly settings: Settings }
  | {
      readonly ok: false;
      readonly reason: 'notJson' | 'unknownKey' | 'badValue' | 'badFile';
      /** The key, e.g. `rates.CreateSession`, with the name of a bad file; empty for the settings as a whole. One line. */
      readonly at: string;
      /** What was expected there, a clause. One line. */
      readonly expected: string;
    };

/** The settings that the text writes. `Ours:` unknown keys are refused, so that a misspelt limit is not silently absent. */
export function parseSettings(text: string, source: SettingsSource): SettingsVerdict {
  try {
    const at = '';
    const sections = [
      'quotas',
      'rates',
      'enforceInstanceProperties',
      'allowLoopbackIssuers',
      'privateCertificateAuthorities',
      'crlSources',
      'auditRetention',
    ];
    const given = members(jsonOf(text), at, sections);
    return {
      ok: true,
      settings: {
        quotas: quotasOf(given.quotas),
        rates: ratesOf(given.rates, source.operations),
        enforceInstanceProperties: flagOf('enforceInstanceProperties', given.enforceInstanceProperties),
        allowLoopbackIssuers: flagOf('allowLoopbackIssuers', given.allowLoopbackIssuers),
        privateCas: privateCasOf(given.privateCertificateAuthorities, source),
        crlSources: crlSourcesOf(given.crlSources),
        auditRetention: auditRetentionOf(given.auditRetention),
      },
    };
  } catch (thrown) {
    if (thrown instanceof Unusable) return thrown.verdict;
    throw thrown;
  }
}

type Refusal = SettingsVerdict & { readonly ok: false };

/** Leaves the readers below; parseSettings alone catches it. */
class Unusable extends Error {
  readonly verdict: Refusal;
  constructor(reason: Refusal['reason'], at: string, expected: string) {
    super(reason);
    this.verdict = { ok: false, reason, at, expected };
  }
}

const bad = (at: string, expected: string) => new Unusable('badValue', at, expected);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's message may quote several lines of the file; where it stopped is enough.
    const [where] = /line \d+ column \d+/.exec(String(cause)) ?? [];
    throw new Unusable('notJson', '', `well-formed JSON${where ? ` (it fails at ${where})` : ''}`);
  }
}

type Members = Readonly<Record<string, unknown>>;

/** The members of an object with no other keys than these. */
function members(value: unknown, at: string, keys: readonly string[]): Members {
  const object = objectOf(value, at);
  const unknown = Object.keys(object).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new Unusable('unknownKey', under(at, unknown), `one of ${keys.join(', ')}`);
  return object;
}

function objectOf(value: unknown, at: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(at, 'an object');
  return value as Members; // an object of JSON's making has text as keys
}

/** The path of a key, on one line and of bounded length whatever the key holds. */
function under(at: string, key: string): string {
  const shown = JSON.stringify(key.slice(0, 128)).slice(1, -1);
  return at === '' ? shown : `${at}.${shown}`;
}

function numberOf(value: unknown, at: string, [min, max]: readonly [number, number], whole = true): number {
  if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw bad(at, `a ${whole ? 'whole ' : ''}number, ${min}–${max}`);
}

function quotasOf(value: unknown = {}): Quotas {
  const at = 'quotas';
  const given = members(value, at, Object.keys(quotaTable));
  return eachQuota((name, { standard, bounds }) =>
    given[name] === undefined ? standard : numberOf(given[name], under(at, name), bounds),
  );
}

function ratesOf(value: unknown = {}, operations: ReadonlySet<string>): ReadonlyMap<string, Rate> {
  const at = 'rates';
  const rates = Object.entries(objectOf(value, at)).map(([name, rate]) => {
    if (name === defaultRate || operations.has(name)) return [name, rateOf(rate, under(at, name))] as const;
    throw new Unusable('unknownKey', under(at, name), `the name of a served operation, or ${defaultRate}`);
  });
  return new Map(rates);
}

const perSecondBounds = [0.01, 1_000_000] as const;

/** A number is calls per second, and as many at once. */
function rateOf(value: unknown, at: string): Rate {
  if (typeof value === 'number') {
    const perSecond = numberOf(value, at, perSecondBounds, false);
    return { perSecond, burst: Math.ceil(perSecond) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(at, 'calls per second, or an object with perSecond and burst');
  }
  const given = members(value, at, ['perSecond', 'burst']);
  const perSecond = numberOf(given.perSecond, under(at, 'perSecond'), perSecondBounds, false);
  if (given.burst === undefined) return { perSecond, burst: Math.ceil(perSecond) };
  return { perSecond, burst: numberOf(given.burst, under(at, 'burst'), [1, 1_000_000]) };
}

function auditRetentionOf(value: unknown = {}): Settings['auditRetention'] {
  const at = 'auditRetention';
  const { days, megabytes } = members(value, at, ['days', 'megabytes']);
  const dayMs = 24 * 3600 * 1000;
  return {
    ...(days !== undefined && { ageMs: dayMs * numberOf(days, under(at, 'days'), [1, 36_500]) }),
    ...(megabytes !== undefined && { characters: 1e6 * numberOf(megabytes, under(at, 'megabytes'), [1, 1_000_000]) }),
  };
}

function flagOf(
  name: 'enforceInstanceProperties' | 'allowLoopbackIssuers',
  value: unknown = defaultSettings[name],
): boolean {
  if (typeof value === 'boolean') return value;
  throw bad(name, 'true or false');
}

function crlSourcesOf(value: unknown = {}): CrlFetching {
  const at = 'crlSources';
  const defaults = defaultSettings.crlSources;
  const given = members(value, at, Object.keys(defaults));
  const amount = (name: keyof CrlFetching & keyof typeof fetchingBounds) =>
    given[name] === undefined ? defaults[name] : numberOf(given[name], under(at, name), fetchingBounds[name]);
  return {
    hosts: listOf(given.hosts, under(at, 'hosts'), 'HOST or HOST:PORT in lower case, without a wildcard', crlHostOf),
    directories: listOf(given.directories, under(at, 'directories'), 'an absolute path without . and ..', directoryOf),
    distributionPointHosts: listOf(
      given.distributionPointHosts,
      under(at, 'distributionPointHosts'),
      'HOST or HOST:PORT in lower case, without a wildcard',
      crlHostOf,
    ),
    refreshSeconds: amount('refreshSeconds'),
    timeoutSeconds: amount('timeoutSeconds'),
    maxBytes: amount('maxBytes'),
  };
}

// Ours: nobody's server is asked more than once a minute, and a caller waits for a first list no longer than clients do.
const fetchingBounds = {
  refreshSeconds: [60, 7 * 24 * 3600],
  timeoutSeconds: [1, 60],
  maxBytes: [1024, 256 * 1024 * 1024],
} as const;

/** What `read` makes of each text of a list of at most a hundred. */
function listOf<T>(value: unknown, at: string, expected: string, read: (text: string) => T | undefined): readonly T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 100) throw bad(at, 'a list of at most 100');
  return value.map((item, index) => {
    const made = typeof item === 'string' && item.length <= 1024 ? read(item) : undefined;
    if (made === undefined) throw bad(`${at}[${index}]`, expected);
    return made;
  });
}

/** The directory without a slash at its end. */
function directoryOf(text: string): string | undefined {
  if (!isAbsolute(text) || text.includes('\0')) return undefined;
  const plain = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
  return normalize(plain) === plain ? plain : undefined;
}

function privateCasOf(value: unknown = [], source: SettingsSource): ReadonlyMap<string, PrivateCa> {
  const at = 'privateCertificateAuthorities';
  if (!Array.isArray(value)) throw bad(at, 'a list');
  const cas = new Map<string, PrivateCa>();
  for (const [index, item] of value.entries()) {
    const place = `${at}[${index}]`;
    const { arn, certificateFile } = members(item, place, ['arn', 'certificateFile']);
    if (typeof arn !== 'string' || !isPrivateCaArn(arn)) {
      throw bad(under(place, 'arn'), 'arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID');
    }
    if (cas.has(arn)) throw bad(under(place, 'arn'), 'an ARN that is not listed before');
    cas.set(arn, { arn, certificatePem: caPem(certificateFile, under(place, 'certificateFile'), source) });
  }
  return cas;
}

function isPrivateCaArn(text: string): boolean {
  const arn = parseArn(text);
  if (arn === undefined || arn.service !== 'acm-pca' || !isRegion(arn.region)) return false;
  if (!/^aws(-[a-z]{1,8}){0,3}$/.test(arn.partition) || !/^\d{12}$/.test(arn.account)) return false;
  return /^certificate-authority\/[\w-]{1,64}$/.test(arn.resource);
}

/** The CA certificate of a file, and nothing else that may stand in it. */
function caPem(file: unknown, at: string, { textOf }: SettingsSource): string {
  if (typeof file !== 'string' || file === '') throw bad(at, 'the name of a PEM file');
  const refused = (expected: string) =>
    new Unusable('badFile', `${at} ${JSON.stringify(file.slice(0, 1024))}`, expected);
  const text = textOf(file);
  if (text === undefined) throw refused('a readable file, named relative to the settings file');
  const pem = parsePemCertificates(text);
  const [der, ...more] = pem.ok ? pem.certificates : [];
  if (der === undefined || more.length > 0) throw refused('PEM with exactly one certificate');
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw refused('a well-formed certificate');
  const [violation] = importViolations(parsed.certificate);
  if (violation !== undefined) throw refused(`a CA certificate that can be trusted (${violation.detail})`);
  return certificatePem(der);
}
