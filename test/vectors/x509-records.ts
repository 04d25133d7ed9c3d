// The public X.509 records as the vector tests read them, and what each expects of which demands.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { X509Demands } from '../judge/x509-validate.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = resolve(repository, process.env.ANYROLE_SHARED ?? '../shared', 'x509');

/** Why the tests of the vectors are skipped; false where the vectors are there. */
export const skip = existsSync(folder) ? false : 'shared/ is absent';

/** Suites of paths. */
export const suites = ['limbo', 'bettertls', 'pkits', 'chromium'] as const;

type Expectation = 'valid' | 'invalid' | 'any' | 'ambiguous' | null;

/** One record of a suite of paths, by the README beside the vectors. */
export type PathRecord = {
  readonly id: string;
  readonly tier: string;
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  readonly leafKey: string | null;
  readonly e2e: boolean;
  readonly expected: Expectation;
  readonly expectedNoCrl: Expectation;
  readonly expectedSoftCrl: Expectation;
  readonly raProfileExpected: Expectation;
};

/** One record of the suite of single lists. */
export type StatusRecord = {
  readonly id: string;
  readonly tier: string;
  readonly expectedStatus: 'GOOD' | 'REVOKED' | 'UNKNOWN';
  readonly malformed: boolean;
};

/** The records of a suite. */
export function recordsOf(suite: (typeof suites)[number]): readonly PathRecord[];
export function recordsOf(suite: 'crl_status'): readonly StatusRecord[];
export function recordsOf(suite: string): readonly (PathRecord | StatusRecord)[] {
  const lines = readFileSync(resolve(folder, `${suite}.jsonl`), 'utf8').split('\n');
  // Every line is one record, by the README beside the vectors.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as PathRecord | StatusRecord);
}

/** The demands under which the records say what to expect. */
export const demands: readonly X509Demands[] = [
  { profile: 'generic', crl: 'none' },
  { profile: 'generic', crl: 'hard' },
  { profile: 'generic', crl: 'soft' },
  { profile: 'rolesanywhere', crl: 'none' },
  { profile: 'rolesanywhere', crl: 'hard' },
];

/** What a record expects; undefined where it does not say, or where lists are asked and it has none. */
export function expectationOf(record: PathRecord, { profile, crl }: X509Demands): 'valid' | 'invalid' | undefined {
  const hasLists = record.crls.length > 0;
  // Without lists, or with them all ignored, hard and soft ask what none asks.
  if (crl !== 'none' && !hasLists) return undefined;
  if (profile === 'rolesanywhere') return crl === 'none' && hasLists ? undefined : definite(record.raProfileExpected);
  switch (crl) {
    case 'none':
      return definite(record.expectedNoCrl);
    case 'hard':
      return definite(record.expected);
    case 'soft':
      return definite(record.expectedSoftCrl);
  }
}

function definite(expectation: Expectation): 'valid' | 'invalid' | undefined {
  return expectation === 'valid' || expectation === 'invalid' ? expectation : undefined;
}
