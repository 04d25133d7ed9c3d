// Lines of JSON, with a second fence against secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog, silentLog } from './log.ts';

function lines(work: (log: ReturnType<typeof jsonLog>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  const log = jsonLog((line) => void written.push(line));
  work(log);
  log.flush();
  return written.map((line) => JSON.parse(line));
}

test('every fact is one line of JSON with its time and its message', () => {
  const [info, error] = lines((log) => {
    log.info({ requestId: 'r', text: 'a\nb' }, 'answered');
    log.error({ cause: 'c' }, 'failed');
  });
  assert.deepEqual([info?.requestId, info?.text, info?.msg], ['r', 'a\nb', 'answered']);
  assert.equal(typeof info?.time, 'number');
  assert.ok(Number(error?.level) > Number(info?.level));
});

for (const name of ['authorization', 'secretAccessKey', 'sessionToken', 'privateKey', 'token', 'secret']) {
  test(`${name} is hidden, at the top and one step below`, () => {
    const [line] = lines((log) => log.info({ [name]: 'SECRET', inner: { [name]: 'SECRET' } }, 'x'));
    assert.equal(line?.[name], '[hidden]');
    assert.equal(Object(line?.inner)[name], '[hidden]');
  });
}

test('facts that JSON cannot carry do not stop the server', () => {
  const circle: Record<string, unknown> = { count: 1n };
  circle.self = circle;
  assert.doesNotThrow(() => lines((log) => log.info({ circle }, 'x')));
});

test('the silent log says nothing', () => {
  assert.equal(silentLog.info({ a: 1 }, 'x'), undefined);
});
