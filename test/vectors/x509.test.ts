// Public X.509 path vectors (x509-limbo, BetterTLS, NIST PKITS, BoringSSL): each case under plain RFC 5280 and, where the
// data says what Roles Anywhere would answer, under its requirements. The counts per tier are printed as diagnostics.
// Revocation is another room's: cases are judged by what they expect when CRLs are ignored.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import { type PathQuestion, validatePath } from '../../src/core/x509/path.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = resolve(repository, process.env.ANYROLE_SHARED ?? '../shared', 'x509');
const skip = existsSync(folder) ? false : 'shared/ is absent';

interface Case {
  readonly id: string;
  readonly tier: string;
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  readonly time: string | null;
  readonly eku: 'clientAuth' | 'serverAuth' | null;
  readonly maxDepth: number | null;
  readonly expectedNoCrl: 'valid' | 'invalid' | 'any';
  readonly raProfileExpected: 'valid' | 'invalid' | null;
}

type Requirements = NonNullable<PathQuestion['requirements']>;

/** Cases without a time are valid from 1970 to 2969. */
const anyTime = new Date('2026-11-22T00:00:00Z');

/** Tiers in which every answer must be right. Others are counted and listed. */
const exact: ReadonlySet<string> = new Set([
  'core',
  'pathbuilding',
  'wildcard-nc',
  'cn-nc',
  'eku',
  'eku-chain',
  'extra-san',
  'maxdepth',
  'weak-key',
  'crl',
  'crl-advanced',
  'sha1',
  'dos',
  'policy',
]);

/** Cases of those tiers that are answered otherwise on purpose, and why. */
const otherwise: Readonly<Record<string, string>> = {
  'chromium::policies-required-by-root-fail/main': 'policy constraints of an anchor are applied here',
};

function parsed(base64: string): Certificate | undefined {
  const result = parseCertificate(Buffer.from(base64, 'base64'));
  return result.ok ? result.certificate : undefined;
}

const present = (list: readonly string[]) => list.map(parsed).filter((certificate) => certificate !== undefined);

function answer(one: Case, requirements: Requirements): 'valid' | 'invalid' {
  const leaf = parsed(one.leaf);
  if (!leaf) return 'invalid';
  const intermediates = present(one.intermediates);
  const verdict = validatePath({
    leaf,
    intermediates,
    anchors: present(one.anchors),
    now: one.time === null ? anyTime : new Date(one.time),
    requirements,
    // The vectors know no limit of five certificates.
    maxIntermediates: one.maxDepth ?? Math.max(intermediates.length, 5),
    ...(one.eku === null ? {} : { eku: one.eku }),
  });
  return verdict.ok ? 'valid' : 'invalid';
}

function expectation(one: Case, requirements: Requirements): 'valid' | 'invalid' | undefined {
  if (requirements === 'generic') return one.expectedNoCrl === 'any' ? undefined : one.expectedNoCrl;
  return one.crls.length > 0 ? undefined : (one.raProfileExpected ?? undefined);
}

/** Milliseconds a case may take. */
const bound = 2000;

for (const suite of ['limbo', 'bettertls', 'pkits', 'chromium']) {
  test(`${suite} vectors are answered as they expect`, { skip }, (t) => {
    const lines = readFileSync(resolve(folder, `${suite}.jsonl`), 'utf8').split('\n');
    // Every line is one case, by the README beside the data.
    const cases = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Case);
    const counts = new Map<string, { right: number; of: number }>();
    const wrong: string[] = [];
    for (const requirements of ['generic', 'rolesanywhere'] as const) {
      for (const one of cases) {
        const started = performance.now();
        const answered = answer(one, requirements);
        const elapsed = performance.now() - started;
        assert.ok(elapsed < bound, `${one.id} took ${elapsed} ms`);
        const expected = expectation(one, requirements);
        if (expected === undefined) continue;
        const key = `${one.tier}, ${requirements}`;
        const count = counts.get(key) ?? { right: 0, of: 0 };
        // A clean refusal of a case that is made to exhaust is as good as its answer, by the README.
        const isRight = answered === expected || (one.tier === 'dos' && answered === 'invalid');
        counts.set(key, { right: count.right + (isRight ? 1 : 0), of: count.of + 1 });
        if (isRight) continue;
        const line = `${one.id} (${key}): expected ${expected}, answered ${answered}`;
        if (exact.has(one.tier) && !(one.id in otherwise)) wrong.push(line);
        else t.diagnostic(line);
      }
    }
    for (const [key, { right, of }] of counts) t.diagnostic(`${suite} ${key}: ${right} of ${of}`);
    assert.ok(cases.length > 0);
    assert.deepEqual(wrong, []);
  });
}
