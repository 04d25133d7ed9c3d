import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handedSockets, notifier } from './systemd.ts';

for (const [what, environment, fds] of [
  ['one socket', { LISTEN_PID: '7', LISTEN_FDS: '1' }, [3]],
  ['three sockets', { LISTEN_PID: '7', LISTEN_FDS: '3' }, [3, 4, 5]],
  ['no socket', { LISTEN_PID: '7', LISTEN_FDS: '0' }, []],
  ['sockets of another process', { LISTEN_PID: '8', LISTEN_FDS: '1' }, []],
  ['no process', { LISTEN_FDS: '1' }, []],
  ['a count that is none', { LISTEN_PID: '7', LISTEN_FDS: '-1' }, []],
  ['nothing', {}, []],
] as const) {
  test(`${what}: descriptors ${fds.join(', ') || 'none'}`, () => {
    assert.deepEqual(handedSockets(environment, 7), fds);
  });
}

test('nobody who listens for notices: nobody to notify', () => {
  assert.equal(notifier({}, 7), undefined);
  assert.equal(notifier({ NOTIFY_SOCKET: '' }, 7), undefined);
});

for (const [what, environment, watchdogMs] of [
  ['half of what systemd waits', { WATCHDOG_USEC: '30000000' }, 15_000],
  ['for this process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '7' }, 1000],
  ['none for another process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '8' }, undefined],
  ['none without a time', {}, undefined],
  ['none for what is no time', { WATCHDOG_USEC: 'soon' }, undefined],
] as const) {
  test(`the watchdog: ${what}`, () => {
    assert.equal(notifier({ NOTIFY_SOCKET: '/run/x', ...environment }, 7)?.watchdogMs, watchdogMs);
  });
}

test('a notice that cannot be sent rejects', async () => {
  const nowhere = notifier({ NOTIFY_SOCKET: '/nonexistent/socket', PATH: '/nonexistent' }, process.pid);
  await assert.rejects(async () => nowhere?.send('READY=1'), /ENOENT/);
});
