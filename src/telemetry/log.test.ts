// Lines of JSON, with a second fence against secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog, type LogTraits, sharedFacts, silentLog } from './log.ts';

const now = () => 1_763_812_800_000;

function lines(
  work: (log: ReturnType<typeof jsonLog>) => void,
  traits: Partial<LogTraits> = {},
): Record<string, unknown>[] {
  const written: string[] = [];
  const log = jsonLog((text) => void written.push(text), { now, ...traits });
  work(log);
  log.flush();
  return parsed(written);
}

function parsed(written: readonly string[]): Record<string, unknown>[] {
  const text = written.join('');
  assert.ok(text === '' || text.endsWith('\n'), 'lines are whole');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A log whose moment comes when the test says so. */
function waitingLog() {
  const written: string[] = [];
  const moments: (() => void)[] = [];
  const log = jsonLog((text) => void written.push(text), { now, later: (work) => void moments.push(work) });
  return { log, written, moments };
}

test('lines wait for their moment and are then written together, in order', () => {
  const { log, written, moments } = waitingLog();
  for (const count of [1, 2, 3]) log.info({ count }, 'x');
  assert.deepEqual([written.length, moments.length], [0, 1]);
  moments[0]?.();
  assert.equal(written.length, 1);
  assert.deepEqual(
    parsed(written).map(({ count }) => count),
    [1, 2, 3],
  );
  log.info({ count: 4 }, 'x');
  assert.equal(moments.length, 2, 'the next line has a moment of its own');
});

test('an error is written at once, after what came before it', () => {
  const { log, written } = waitingLog();
  log.info({ count: 1 }, 'x');
  log.error({ count: 2 }, 'x');
  assert.deepEqual(
    parsed(written).map(({ count }) => count),
    [1, 2],
  );
});

test('many lines do not wait, and a flush leaves none behind and says nothing twice', () => {
  const { log, written, moments } = waitingLog();
  for (let count = 0; count < 1000; count++) log.info({ count, text: 'x'.repeat(100) }, 'x');
  assert.ok(written.length > 1, 'some are written before their moment');
  log.flush();
  log.flush();
  for (const moment of moments) moment();
  assert.deepEqual(
    parsed(written).map(({ count }) => count),
    Array.from({ length: 1000 }, (_, count) => count),
  );
});

test('a log of errors alone has nothing else', () => {
  const work = (log: ReturnType<typeof jsonLog>) => {
    log.info({ count: 1 }, 'x');
    log.error({ count: 2 }, 'x');
  };
  assert.deepEqual(
    lines(work, { onlyErrors: true }).map(({ count }) => count),
    [2],
  );
});

test('every fact is one line of JSON with its time and its message', () => {
  const [info, error] = lines((log) => {
    log.info({ requestId: 'r', text: 'a\nb' }, 'answered');
    log.error({ cause: 'c' }, 'failed');
  });
  assert.deepEqual([info?.requestId, info?.text, info?.msg], ['r', 'a\nb', 'answered']);
  assert.equal(info?.time, now());
  assert.ok(Number(error?.level) > Number(info?.level));
});

for (const name of ['authorization', 'secretAccessKey', 'sessionToken', 'privateKey', 'token', 'secret']) {
  test(`${name} is hidden, at the top and below, in lists, too`, () => {
    const facts = Object.freeze({
      [name]: 'SECRET',
      inner: { [name]: 'SECRET' },
      list: [{ deep: { [name]: ['SECRET'] } }],
    });
    const [line] = lines((log) => log.info(facts, 'x'));
    assert.equal(line?.[name], '[hidden]');
    assert.equal(Object(line?.inner)[name], '[hidden]');
    assert.ok(!JSON.stringify(line).includes('SECRET'));
    assert.equal(facts[name], 'SECRET', 'what is hidden is hidden in the line alone');
  });
}

test('facts that JSON cannot carry do not stop the server', () => {
  const circle: Record<string, unknown> = { count: 1n };
  circle.self = circle;
  const [line] = lines((log) => log.info({ before: 1, circle, after: 2 }, 'x'));
  assert.deepEqual([line?.before, line?.circle, line?.after], [1, '[not JSON]', 2]);
});

test('a line has its members in their order, and nothing of what says nothing', () => {
  const written: string[] = [];
  const log = jsonLog((text) => void written.push(text), { now });
  const odd = { number: Number.NaN, big: 2n ** 64n, gone: undefined, work: () => {}, none: null, deep: [{ big: 1n }] };
  log.info({ text: '"\\\n\u2028\ud800', ...odd, yes: true }, 'with "quotes"');
  assert.equal(
    written.join(''),
    `{"level":30,"time":${now()},"text":"\\"\\\\\\n\u2028\\ud800","number":null,"big":"18446744073709551616",` +
      `"none":null,"deep":[{"big":"1"}],"yes":true,"msg":"with \\"quotes\\""}\n`,
  );
});

test('the silent log says nothing', () => {
  assert.equal(silentLog.info({ a: 1 }, 'x'), undefined);
});

test('facts that lines share stand in each of them, without what is secret', () => {
  const shared = sharedFacts({
    service: 'sts',
    token: 'SECRET',
    nothing: undefined,
    deep: { privateKey: 'SECRET', at: 1n },
  });
  const written = lines((log) => {
    log.info({ count: 1 }, 'one', shared);
    log.info({}, 'two', shared);
    log.info({ count: 3 }, 'three');
  });
  const said = { level: 30, time: now(), service: 'sts', token: '[hidden]', deep: { privateKey: '[hidden]', at: '1' } };
  assert.deepEqual(written, [
    { ...said, count: 1, msg: 'one' },
    { ...said, msg: 'two' },
    { level: 30, time: now(), count: 3, msg: 'three' },
  ]);
});
