// What is scraped: exact counts, closed labels, and collectors that may fail, hang or talk too much.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Collected, maxSeries, metrics } from './metrics.ts';

const scraped = async (from: ReturnType<typeof metrics>) => (await from.scrape()).body;
const linesOf = (body: string, name: string) => body.split('\n').filter((line) => line.startsWith(name));

const gauge = (collect: Collected['collect'], labels: readonly string[] = []): Collected => ({
  name: 'anyrole_test',
  help: 'A test.',
  kind: 'gauge',
  labels,
  collect,
});

test('requests are counted by service, operation, class of status and code', async () => {
  const measured = metrics();
  measured.answered({ service: 'iam', operation: 'ListRoles', status: 200, seconds: 0.003 });
  measured.answered({ service: 'iam', operation: 'ListRoles', status: 200, seconds: 0.2 });
  measured.answered({ service: 'iam', operation: 'ListRoles', status: 403, code: 'AccessDenied', seconds: 0 });
  measured.answered({ status: 404, code: 'UnknownOperationException', seconds: 0 });
  const body = await scraped(measured);
  assert.deepEqual(linesOf(body, 'anyrole_requests_total'), [
    'anyrole_requests_total{service="iam",operation="ListRoles",status="2xx",code=""} 2',
    'anyrole_requests_total{service="iam",operation="ListRoles",status="4xx",code="AccessDenied"} 1',
    'anyrole_requests_total{service="none",operation="none",status="4xx",code="UnknownOperationException"} 1',
  ]);
  assert.match(body, /^anyrole_request_duration_seconds_bucket\{le="0.005",service="iam",operation="ListRoles"\} 2$/m);
  assert.match(body, /^anyrole_request_duration_seconds_count\{service="iam",operation="ListRoles"\} 3$/m);
});

test('a clock that went back makes no negative duration', async () => {
  const measured = metrics();
  measured.answered({ service: 'sts', operation: 'GetCallerIdentity', status: 200, seconds: -3 });
  assert.match(await scraped(measured), /^anyrole_request_duration_seconds_sum\{.*\} 0$/m);
});

test('a duration is counted in every bucket that reaches it', async () => {
  const measured = metrics();
  for (const seconds of [0, 0.001, 0.0011, 10, 10.1])
    measured.answered({ service: 'sts', operation: 'A', status: 200, seconds });
  const values = linesOf(await scraped(measured), 'anyrole_request_duration_seconds_').map(
    (line) => line.split(' ')[1],
  );
  assert.deepEqual(values, ['2', ...Array(10).fill('3'), '4', '5', '20.1021', '5']);
});

test('a second scrape counts nothing twice', async () => {
  const measured = metrics();
  measured.answered({ service: 'sts', operation: 'A', status: 200, session: 'granted', seconds: 1 });
  assert.equal(await scraped(measured), await scraped(measured));
});

test('requests for a session are counted by outcome', async () => {
  const measured = metrics();
  for (const session of ['granted', 'revoked', 'granted']) measured.answered({ status: 201, session, seconds: 0 });
  assert.deepEqual(linesOf(await scraped(measured), 'anyrole_create_session_total'), [
    'anyrole_create_session_total{outcome="granted"} 2',
    'anyrole_create_session_total{outcome="revoked"} 1',
  ]);
});

test('what is no word of ours, and a word too many, is counted as other', async () => {
  const measured = metrics();
  for (const session of ['', 'two words', 'a"b', 'line\nline', 'é', 'x'.repeat(65), '1']) {
    measured.answered({ status: 403, code: session, session, seconds: 0 });
  }
  for (let n = 0; n < 1000; n++) {
    const letters = [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    measured.answered({ status: 403, code: letters, session: letters, seconds: 0 });
  }
  const body = await scraped(measured);
  assert.ok(linesOf(body, 'anyrole_create_session_total').length <= 129);
  assert.ok(linesOf(body, 'anyrole_requests_total').length <= 129);
  assert.match(body, /^anyrole_create_session_total\{outcome="other"\} 879$/m);
});

test('a collector is asked at each scrape, and what it no longer names is gone', async () => {
  const measured = metrics();
  let series = [{ labels: { id: 'a' }, value: 1.5 }];
  measured.register(gauge(() => series, ['id']));
  assert.match(await scraped(measured), /^anyrole_test\{id="a"\} 1.5$/m);
  series = [{ labels: { id: 'b' }, value: -2 }];
  assert.deepEqual(linesOf(await scraped(measured), 'anyrole_test'), ['anyrole_test{id="b"} -2']);
});

test('a collected counter shows the value that it is given', async () => {
  const measured = metrics();
  measured.register({ ...gauge(() => [{ value: 7 }]), kind: 'counter', name: 'anyrole_test_total' });
  await scraped(measured);
  const body = await scraped(measured);
  assert.match(body, /^# TYPE anyrole_test_total counter\nanyrole_test_total 7$/m);
});

test('a collector that fails leaves its metric out, harms no other, and is told and counted', async () => {
  const told: string[] = [];
  const measured = metrics({ failed: (metric, cause) => void told.push(`${metric}: ${cause}`) });
  let works = true;
  measured.register(
    gauge(() => {
      if (works) return [{ value: 5 }];
      throw new Error('broken');
    }),
  );
  measured.register({ ...gauge(async () => [{ value: 1 }]), name: 'anyrole_well' });
  assert.match(await scraped(measured), /^anyrole_test 5$/m);
  works = false;
  const body = await scraped(measured);
  assert.deepEqual(linesOf(body, 'anyrole_test'), []);
  assert.match(body, /^anyrole_well 1$/m);
  assert.match(body, /^anyrole_metrics_collector_failures_total\{metric="anyrole_test"\} 1$/m);
  assert.deepEqual(told, ['anyrole_test: Error: broken']);
});

test('a collector that gives what is no number leaves its metric out', async () => {
  const measured = metrics();
  measured.register({ ...gauge(() => [{ value: -1 }]), kind: 'counter' });
  const body = await scraped(measured);
  assert.deepEqual(linesOf(body, 'anyrole_test'), []);
  assert.match(body, /failures_total\{metric="anyrole_test"\} 1/);
});

test('a collector that hangs is asked once, and the scrape goes on without it', async () => {
  const measured = metrics({ patienceMs: 1 });
  let asked = 0;
  measured.register(
    gauge(() => {
      asked += 1;
      return new Promise(() => {});
    }),
  );
  for (let n = 1; n <= 3; n++) {
    assert.match(await scraped(measured), new RegExp(`failures_total\\{metric="anyrole_test"\\} ${n}`));
  }
  assert.equal(asked, 1);
});

test('scrapes at the same time share one', async () => {
  const measured = metrics();
  let asked = 0;
  measured.register(gauge(async () => [{ value: ++asked }]));
  const bodies = await Promise.all(Array.from({ length: 20 }, () => scraped(measured)));
  assert.equal(new Set(bodies).size, 1);
  assert.equal(asked, 1);
});

test('a collector that says too much is cut, by series and by length of a label', async () => {
  const measured = metrics();
  const many = Array.from({ length: maxSeries + 7 }, (_, n) => ({
    labels: { id: `${n}-${'x'.repeat(5000)}` },
    value: n,
  }));
  measured.register(gauge(() => many, ['id']));
  const body = await scraped(measured);
  assert.equal(linesOf(body, 'anyrole_test').length, maxSeries);
  assert.match(body, /^anyrole_metrics_series_left_out\{metric="anyrole_test"\} 7$/m);
  assert.ok(body.length < maxSeries * 300);
});

test('a label cannot leave its place', async () => {
  const measured = metrics();
  measured.register(gauge(() => [{ labels: { id: 'a"} 1\nanyrole_evil{x="\\' }, value: 1 }], ['id']));
  const body = await scraped(measured);
  assert.deepEqual(linesOf(body, 'anyrole_evil'), []);
  assert.ok(linesOf(body, 'anyrole_test').length === 1);
});

test('a label that is not declared is not shown, and one that is not given is empty', async () => {
  const measured = metrics();
  measured.register(gauge(() => [{ labels: { secret: 's' }, value: 1 }], ['id']));
  assert.match(await scraped(measured), /^anyrole_test\{id=""\} 1$/m);
});

test('a name is registered once, and two servers share nothing', async () => {
  const [one, another] = [metrics(), metrics()];
  one.register(gauge(() => [{ value: 1 }]));
  assert.throws(() => one.register(gauge(() => [{ value: 2 }])));
  another.register(gauge(() => [{ value: 3 }]));
  assert.match(await scraped(another), /^anyrole_test 3$/m);
});
