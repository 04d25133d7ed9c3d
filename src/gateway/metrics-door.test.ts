// The scraper's door over a real socket: GET /metrics, and nothing that harms.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { type Metrics, metrics } from '../telemetry/metrics.ts';
import type { OpenDoor } from './listening.ts';
import { openMetricsDoor } from './metrics-door.ts';

const open = new Set<OpenDoor>();
after(() => Promise.all([...open].map((door) => door.close(0))));

async function doorOf(measured: Metrics = metrics(), failures: unknown[] = []) {
  const door = await openMetricsDoor(measured, { host: '127.0.0.1', port: 0 }, (cause) => void failures.push(cause));
  open.add(door);
  return { door, url: `http://127.0.0.1:${door.port}` };
}

test('GET /metrics answers in the Prometheus text format, whatever the query', async () => {
  const { url } = await doorOf();
  for (const path of ['/metrics', '/metrics?name[]=x']) {
    const answer = await fetch(url + path);
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type')],
      [200, 'text/plain; version=0.0.4; charset=utf-8'],
    );
    assert.match(await answer.text(), /^# TYPE anyrole_requests_total counter$/m);
  }
});

for (const path of ['/', '/metrics/', '/Metrics', '/livez', '/%6detrics', '/../metrics/x', '/__proto__']) {
  test(`${path} is nothing here`, async () => {
    const { url } = await doorOf();
    assert.equal((await fetch(url + path)).status, 404);
  });
}

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
  test(`${method} /metrics is refused`, async () => {
    const { url } = await doorOf();
    const answer = await fetch(`${url}/metrics`, { method, ...(method === 'POST' && { body: 'x'.repeat(100_000) }) });
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET']);
  });
}

test('a scrape that cannot be had is a 500 without the cause, and the next one is answered', async () => {
  const measured = metrics();
  let broken = true;
  const failures: unknown[] = [];
  const scrape = () => (broken ? Promise.reject(new Error('the cause')) : measured.scrape());
  const { url } = await doorOf({ ...measured, scrape }, failures);
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /cause/);
  assert.equal(failures.length, 1);
  broken = false;
  assert.equal((await fetch(`${url}/metrics`)).status, 200);
});

test('a header block beyond 8 KiB and bytes that are no HTTP are refused by the parser', async () => {
  const { url, door } = await doorOf();
  assert.equal((await fetch(`${url}/metrics`, { headers: { x: 'y'.repeat(9000) } })).status, 431);
  const socket = connect(door.port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk;
  });
  socket.write('\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n');
  await once(socket, 'close');
  assert.match(got, /^HTTP\/1\.1 400 /);
});

test('a closed door lets go, though a scrape hangs', async () => {
  const { url, door } = await doorOf({ ...metrics(), scrape: () => new Promise(() => {}) });
  const hanging = fetch(`${url}/metrics`).then(
    () => 'answered',
    () => 'cut',
  );
  // The second request is answered after the first one was taken in.
  await fetch(`${url}/livez`);
  await door.close(1);
  open.delete(door);
  assert.equal(await hanging, 'cut');
});
