// Public X.509 vectors (x509-limbo, BetterTLS, NIST PKITS, BoringSSL's paths and lists), judged by what the judge judges
// by, which is what serves. Each answer that is not the expected one stands in x509-differences.json with its reason; one
// that is not there fails, and so does one that is there and differs no longer.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crlStatus } from '../judge/crl-status.ts';
import { type X509Demands, x509Validate } from '../judge/x509-validate.ts';
import { demands, expectationOf, type PathRecord, recordsOf, skip, suites } from './x509-records.ts';

interface Difference {
  readonly id: string;
  readonly profile: X509Demands['profile'] | 'crl-status';
  readonly crl: X509Demands['crl'];
  readonly expected: string;
  readonly answered: string;
  readonly reason: string;
}

const differencesFile = new URL('x509-differences.json', import.meta.url);
// The file is this folder's own.
const listed = JSON.parse(readFileSync(differencesFile, 'utf8')) as readonly Difference[];

const lineOf = ({ id, profile, crl, expected, answered }: Omit<Difference, 'reason'>) =>
  `${id} (${profile}, ${crl}): expected ${expected}, answered ${answered}`;

/** Of the tiers that are scored, the least share of right answers in percent, and whether a wrong acceptance is allowed. */
const demanded: Readonly<Record<string, { readonly percent: number; readonly mayAccept: boolean }>> = {
  core: { percent: 99.5, mayAccept: false },
  pathbuilding: { percent: 99.5, mayAccept: false },
  crl: { percent: 99.5, mayAccept: false },
  'wildcard-nc': { percent: 99.5, mayAccept: false },
  policy: { percent: 95, mayAccept: true },
  'crl-advanced': { percent: 95, mayAccept: true },
};

interface Score {
  right: number;
  of: number;
  accepted: number;
}

const scores = new Map<string, Score>();
const found: string[] = [];

function count(tier: string, difference: Omit<Difference, 'reason'>): void {
  const isRight = difference.expected === difference.answered;
  const score = scores.get(tier) ?? { right: 0, of: 0, accepted: 0 };
  score.of++;
  if (isRight) score.right++;
  else if (['valid', 'GOOD'].includes(difference.answered)) score.accepted++;
  scores.set(tier, score);
  if (!isRight) found.push(lineOf(difference));
}

function judged(record: PathRecord, demand: X509Demands) {
  const verdict = x509Validate(record, demand);
  if (verdict.result === 'valid') return verdict;
  assert.ok(verdict.code && verdict.message && verdict.rule, `${record.id} is refused with a reason and its rule`);
  assert.ok(verdict.certificate ?? verdict.code === 'tooManyCertificates', `${record.id} names a certificate`);
  return verdict;
}

for (const suite of suites) {
  test(`${suite} paths are answered as they expect, with a reason for each refusal`, { skip }, () => {
    for (const record of recordsOf(suite)) {
      for (const demand of demands) {
        const { result } = judged(record, demand);
        const expected = expectationOf(record, demand);
        if (expected === undefined) continue;
        // A clean refusal of a record that is made to exhaust is as good as its answer, by the README of the vectors.
        const answered = record.tier === 'dos' && result === 'invalid' ? expected : result;
        count(record.tier, { id: record.id, ...demand, expected, answered });
      }
    }
  });
}

test('single lists are answered as they expect', { skip }, () => {
  for (const record of recordsOf('crl_status')) {
    const verdict = crlStatus(record);
    const expected = record.malformed ? 'malformed' : record.expectedStatus;
    assert.ok(!record.malformed || verdict.status === record.expectedStatus, record.id);
    count(record.tier, { id: record.id, profile: 'crl-status', crl: 'hard', expected, answered: verdict.result });
  }
});

test('each difference is listed with its reason, and each that is listed is one', { skip }, (t) => {
  for (const [tier, { right, of }] of scores) t.diagnostic(`${tier}: ${right} of ${of}`);
  assert.deepEqual(found.toSorted(), listed.map(lineOf).toSorted());
  for (const { id, reason } of listed) assert.match(reason, /^\S.{20,}[^.]$/, id);
});

test('the tiers that are scored are answered as well as is demanded', { skip }, () => {
  for (const [tier, { percent, mayAccept }] of Object.entries(demanded)) {
    const { right, of, accepted } = scores.get(tier) ?? assert.fail(`no record of tier ${tier}`);
    assert.ok((100 * right) / of >= percent, `${tier}: ${right} of ${of}`);
    assert.ok(mayAccept || accepted === 0, `${tier}: ${accepted} wrongly accepted`);
  }
});

/** Milliseconds of processor time that an answer to a hostile record may take: what the machine does beside it is not counted. */
const bound = 100;

function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

for (const suite of suites) {
  test(`hostile and odd records of ${suite} are answered in time`, { skip }, () => {
    const hostile = recordsOf(suite).filter(({ tier }) => tier === 'dos' || tier === 'robustness');
    for (const record of hostile) {
      for (const profile of ['generic', 'rolesanywhere'] as const) {
        const ask = () => processorTime(() => judged(record, { profile, crl: 'soft' }));
        const least = Math.min(ask(), ask());
        assert.ok(least <= bound, `${record.id} took ${least} ms`);
      }
    }
  });
}

test('the dearest record is answered in time by a process that has answered nothing before', { skip }, (t) => {
  const program = fileURLToPath(new URL('x509-cold.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', program, 'chromium::many-names/ok-all-types'];
  const ask = () => Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  const least = Math.min(ask(), ask(), ask());
  t.diagnostic(`${least} ms`);
  assert.ok(least > 0 && least <= bound, `${least} ms`);
});
