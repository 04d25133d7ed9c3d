// Public revocation vectors: single lists (BoringSSL's crl_unittest) by judgeRevocation, and whole paths with lists
// (x509-limbo, NIST PKITS) by validatePath and then judgePathRevocation: once as RFC 5280
// has it, where no usable list is a refusal, and once as Roles Anywhere has it, where only a listing is.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import { type Crl, parseCrl } from '../../src/core/x509/crl.ts';
import { judgeRevocation } from '../../src/core/x509/crl-status.ts';
import { validatePath } from '../../src/core/x509/path.ts';
import { judgePathRevocation, type RevocationDemand, signersBeside } from '../../src/core/x509/path-revocation.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = resolve(repository, process.env.ANYROLE_SHARED ?? '../shared', 'x509');
const skip = existsSync(folder) ? false : 'shared/ is absent';

interface StatusCase {
  readonly id: string;
  readonly tier: string;
  readonly cert: string;
  readonly issuers: readonly string[];
  readonly crl: string;
  readonly time: string;
  readonly expectedStatus: 'GOOD' | 'REVOKED' | 'UNKNOWN';
  readonly malformed: boolean;
}

interface PathCase {
  readonly id: string;
  readonly tier: string;
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  readonly time: string | null;
  readonly expected: 'valid' | 'invalid' | 'any';
  readonly expectedSoftCrl: 'valid' | 'invalid' | 'any' | 'ambiguous';
}

/** Lists that are answered otherwise on purpose, and why. */
const otherwise: Readonly<Record<string, string>> = {
  'chromium-crl::bad_thisupdate_too_old': 'no list is too old before its nextUpdate',
};

/** Lists that are refused as malformed although the data does not say so, and why. They are UNKNOWN either way. */
const stricter: Readonly<Record<string, string>> = {
  'chromium-crl::invalid_idp_dpname_choice_extra_data': 'extensions that are understood are read at once',
  'chromium-crl::invalid_idp_empty_sequence': 'extensions that are understood are read at once',
};

function certificateOf(base64: string): Certificate | undefined {
  const result = parseCertificate(Buffer.from(base64, 'base64'));
  return result.ok ? result.certificate : undefined;
}

function crlOf(base64: string): Crl | undefined {
  const result = parseCrl(Buffer.from(base64, 'base64'));
  return result.ok ? result.crl : undefined;
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

function linesOf(suite: string): string[] {
  return readFileSync(resolve(folder, `${suite}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

test('single lists are answered as the vectors expect', { skip }, (t) => {
  // Every line is one case, by the README beside the data.
  const cases = linesOf('crl_status').map((line) => JSON.parse(line) as StatusCase);
  const wrong: string[] = [];
  for (const one of cases) {
    const certificate = certificateOf(one.cert);
    assert.ok(certificate, `${one.id}: the certificate parses`);
    const crl = crlOf(one.crl);
    const { status } = judgeRevocation({
      certificate,
      issuers: one.issuers.map(certificateOf).filter(isThere),
      lists: crl ? [{ crl, stale: 'refuse' }] : [],
      now: new Date(one.time),
    });
    const answered = status.toUpperCase();
    const isRight = answered === one.expectedStatus && (crl === undefined) === (one.malformed || one.id in stricter);
    if (isRight) continue;
    const line = `${one.id}: expected ${one.expectedStatus}, answered ${answered}${crl ? '' : ' (malformed)'}`;
    if (one.id in otherwise) t.diagnostic(`${line}: ${otherwise[one.id]}`);
    else wrong.push(line);
  }
  assert.equal(cases.length, 24);
  assert.deepEqual(wrong, []);
});

function answer(one: PathCase, demand: RevocationDemand): 'valid' | 'invalid' {
  const leaf = certificateOf(one.leaf);
  if (!leaf) return 'invalid';
  const intermediates = one.intermediates.map(certificateOf).filter(isThere);
  const anchors = one.anchors.map(certificateOf).filter(isThere);
  const now = new Date(one.time ?? '2026-11-22T00:00:00Z');
  const verdict = validatePath({ leaf, intermediates, anchors, now, requirements: 'generic' });
  if (!verdict.ok) return 'invalid';
  const { path } = verdict;
  const stale = demand === 'hard' ? 'refuse' : 'ignore';
  const lists = one.crls
    .map(crlOf)
    .filter(isThere)
    .map((crl) => ({ crl, stale }) as const);
  const signers = signersBeside({ path, intermediates, anchors, lists, now });
  return judgePathRevocation({ path, signers, lists, now, demand }).ok ? 'valid' : 'invalid';
}

function score(t: TestContext, suite: string): { counts: Map<string, { right: number; of: number }>; wrong: string[] } {
  const counts = new Map<string, { right: number; of: number }>();
  const wrong: string[] = [];
  // Every line is one case, by the README beside the data.
  const cases = linesOf(suite).map((line) => JSON.parse(line) as PathCase);
  for (const one of cases.filter(({ crls }) => crls.length > 0)) {
    for (const mode of ['hard', 'soft'] as const) {
      const expected = mode === 'hard' ? one.expected : one.expectedSoftCrl;
      if (expected === 'any' || expected === 'ambiguous') continue;
      const answered = answer(one, mode);
      const key = `${one.tier}, ${mode}`;
      const count = counts.get(key) ?? { right: 0, of: 0 };
      counts.set(key, { right: count.right + (answered === expected ? 1 : 0), of: count.of + 1 });
      if (answered === expected) continue;
      const line = `${suite} ${one.id} (${key}): expected ${expected}, answered ${answered}`;
      if (exact.has(one.tier)) wrong.push(line);
      else t.diagnostic(line);
    }
  }
  for (const [key, { right, of }] of counts) t.diagnostic(`${suite} ${key}: ${right} of ${of}`);
  return { counts, wrong };
}

/** Tiers in which every answer must be right. The rest (DSA, initial policies, a missing cRLNumber) is counted and listed. */
const exact: ReadonlySet<string> = new Set(['core', 'crl', 'crl-advanced', 'policy']);

for (const [suite, leastCrl] of [
  ['limbo', 2],
  ['pkits', 6],
] as const) {
  test(`${suite} paths with lists are answered as they expect, hard and soft`, { skip }, (t) => {
    const { counts, wrong } = score(t, suite);
    assert.ok((counts.get('crl, hard')?.of ?? 0) >= leastCrl);
    assert.deepEqual(wrong, []);
  });
}
