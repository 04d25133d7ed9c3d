// The arithmetic that the benchmarks report with, that the policy benchmark compares like with like, and that `x509` measures
// something; not how fast anything is.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { boundText, figureText, isMet } from '../bench/goal.ts';
import { brokenBounds, measurePolicy } from '../bench/policy.ts';
import { limit, median, percentile } from '../bench/statistics.ts';
import { brokenBounds as brokenListBounds } from '../bench/x509-lists.ts';

test('a percentile is the smallest value that covers its share, never one between two', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile([1, 2, 3], 0.5), 2);
  assert.equal(percentile([1, 2, 3], 0.99), 3);
  assert.equal(percentile([7], 0), 7);
});

test('nothing measured has neither percentile nor median', () => {
  assert.equal(percentile([], 0.5), Number.NaN);
  assert.equal(median([]), Number.NaN);
});

test('the median does not depend on the order of the runs, and one bad run does not move it', () => {
  assert.equal(median([300, 100, 200]), 200);
  assert.equal(median([100, 200, 1]), 100);
  assert.equal(median([1, 4, 2, 3]), 2.5);
});

test('the limit adds the time of HTTP and of each signature, and lies below either alone', () => {
  assert.equal(limit(10_000, 10_000, 1), 5000);
  assert.equal(limit(10_000, 10_000, 3), 2500);
  assert.equal(limit(20_000, Number.POSITIVE_INFINITY, 3), 20_000);
});

test('a goal is met by what just reaches its bound, and by nothing that was not measured', () => {
  const ratio = { name: 'ratio', unit: ' L', atLeast: 0.6 };
  assert.deepEqual(
    [0.6, 0.599, Number.NaN].map((value) => isMet({ ...ratio, value })),
    [true, false, false],
  );
  const tail = { name: 'tail', unit: ' ×', atMost: 5 };
  assert.deepEqual(
    [5, 5.01, Number.NaN].map((value) => isMet({ ...tail, value })),
    [true, false, false],
  );
  assert.deepEqual([figureText({ ...ratio, value: 0.456 }), boundText({ ...ratio, value: 0 })], ['0.46 L', '≥ 0.60 L']);
  assert.equal(boundText({ name: 'ratio', unit: ' L', value: 1 }), '');
});

test('the policy benchmark decides alike in both languages before it measures', () => {
  const { requests, allowed, anyrole, cedar, ratio, runs } = measurePolicy({ seconds: 0.02, runs: 1 });
  assert.equal(requests, 200);
  assert.ok(allowed > 50 && allowed < 150, `${allowed}`);
  assert.equal(runs.length, 1);
  assert.ok([anyrole, cedar, ratio].every((value) => value > 0 && Number.isFinite(value)));
});

test('each promise that is not kept is named, and one just kept is not', () => {
  assert.deepEqual(brokenBounds(100_000, 5), []);
  assert.deepEqual(brokenBounds(99_999, 5), ['99999 decisions per second, promised 100000']);
  assert.deepEqual(brokenBounds(250_000, 4.9), ['4.9 times Cedar, promised 5']);
  assert.equal(brokenBounds(Number.NaN, Number.NaN).length, 2);
});

const bench = fileURLToPath(new URL('../bench/main.ts', import.meta.url));

function run(...args: readonly string[]) {
  return new Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [bench, ...args], (_, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test('x509 measures chains and lists, and says so as JSON', async () => {
  const effort = ['--seconds', '0.1', '--runs', '1', '--entries', '2000', '--json'];
  const { status, stdout, stderr } = await run('x509', 'ml-dsa-65-2', 'crl-pem', 'crl-dates', ...effort);
  const { benchmark, cases } = JSON.parse(stdout);
  // A slow machine may break a bound; the status then says so.
  const broken = cases.filter(({ failure }: { readonly failure?: string }) => failure !== undefined);
  assert.equal(status, broken.length > 0 ? 1 : 0, stderr);
  assert.equal(benchmark, 'x509');
  assert.deepEqual(
    cases.map(({ name }: { readonly name: string }) => name),
    ['ml-dsa-65-2', 'crl-pem', 'crl-dates'],
  );
  const [chain, pem, dates] = cases;
  assert.equal(chain.signatures, 3);
  for (const figure of [
    'parsed',
    'cold',
    'newLeaf',
    'cached',
    'verify',
    'freshVerify',
    'limit',
    'coldRatio',
    'cachedRatio',
  ])
    assert.ok(chain[figure] > 0 && Number.isFinite(chain[figure]), figure);
  for (const list of [pem, dates]) {
    assert.equal(list.entryCount, 2000);
    for (const figure of ['parseMs', 'verifyMs', 'cpuMs', 'peakMb', 'hitUs', 'missUs'])
      assert.ok(list[figure] > 0 && Number.isFinite(list[figure]), figure);
  }
});

test('client measures starts, calls and memory, and says so as JSON', async () => {
  const { status, stdout, stderr } = await run(
    ...['client', 'cold-clone', 'provider', 'memory-clone'],
    ...['--seconds', '0.1', '--runs', '1', '--requests', '300', '--json'],
  );
  assert.equal(status, 0, stderr + stdout);
  const { benchmark, cases } = JSON.parse(stdout);
  assert.equal(benchmark, 'client');
  assert.deepEqual(
    cases.map(({ name }: { readonly name: string }) => name),
    ['cold-clone', 'provider', 'memory-clone'],
  );
  const [cold, provider, memory] = cases;
  for (const one of [cold, provider]) {
    for (const figure of ['ms', 'floorMs', 'ratio']) assert.ok(one[figure] > 0 && Number.isFinite(one[figure]), figure);
  }
  if (process.platform !== 'linux') return;
  assert.ok(memory.peakMb >= memory.startMb && memory.startMb > memory.bareMb, JSON.stringify(memory));
});

test('control-plane measures creates beside their limit, and says so as JSON', async () => {
  const brief = ['--seconds', '0.2', '--runs', '1', '--warm-up', '0.2', '--json'];
  const { stdout, stderr } = await run('control-plane', 'create-role', ...brief);
  const { benchmark, cases } = JSON.parse(stdout);
  assert.equal(benchmark, 'control-plane');
  assert.deepEqual(
    cases.map(({ name, failure }: { readonly name: string; readonly failure?: string }) => [name, failure]),
    [['create-role', undefined]],
    stderr,
  );
  for (const one of cases) {
    for (const figure of ['requestsPerSecond', 'p50Ms', 'http', 'ratio', 'responseBytes'])
      assert.ok(one[figure] > 0 && Number.isFinite(one[figure]), figure);
    assert.equal(one.goals.length, 2);
  }
});

test('floor measures the least server in the place of Anyrole', async () => {
  const brief = ['--seconds', '0.2', '--runs', '1', '--warm-up', '0.2', '--json'];
  const { stdout, stderr } = await run('floor', 'p256-cold', 'get-profile', ...brief);
  const { benchmark, cases } = JSON.parse(stdout);
  assert.equal(benchmark, 'floor');
  assert.deepEqual(
    cases.map(({ name, failure }: { readonly name: string; readonly failure?: string }) => [name, failure]),
    [
      ['p256-cold', undefined],
      ['get-profile', undefined],
    ],
    stderr,
  );
  for (const one of cases) assert.ok(one.ratio > 0 && Number.isFinite(one.ratio));
});

test('x509 refuses a case that it has not', async () => {
  const { status, stdout, stderr } = await run('x509', 'p256-4');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^bench: unknown case `p256-4`: use some of p256-1, /);
});

test('each bound of a list that does not hold is named, and one just held is not', () => {
  const held = { cpuMs: 5000, peakMb: 300, hitUs: 5, missUs: 5 };
  assert.deepEqual(brokenListBounds(held), []);
  assert.deepEqual(brokenListBounds({ ...held, cpuMs: 5001 }), ['the import took 5001 ms, promised 5000']);
  assert.deepEqual(brokenListBounds({ ...held, peakMb: 301 }), ['the import took 301 MB, promised 300']);
  assert.deepEqual(brokenListBounds({ ...held, missUs: 5.01 }), ['a look-up took 5.01 µs, promised 5']);
  assert.equal(brokenListBounds({ cpuMs: Number.NaN, peakMb: Number.NaN, hitUs: 1, missUs: Number.NaN }).length, 3);
});
