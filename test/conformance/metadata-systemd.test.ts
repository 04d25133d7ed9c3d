// `anyrole metadata` below systemd: the socket is handed over, notices come back, and the units of the documentation are such
// that systemd takes them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { documentAt, flagsOf, securityCredentials, startMetadata, stopMetadata } from './metadata-rig.ts';
import { type ConformanceServer, conformanceServer } from './server.ts';
import { makeResources, roleName } from './session-resources.ts';
import { needs, run } from './tools.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bin = at('../../bin/anyrole.mjs');

describe('anyrole metadata below systemd', () => {
  let server: ConformanceServer;
  let flags: readonly string[];
  before(async () => {
    server = await conformanceServer();
    flags = flagsOf(server, server.leaf('systemd', 'p256'), await makeResources(server));
  });
  after(() => server[Symbol.asyncDispose]());

  const givesCredentials = async (url: string) => {
    const { status, text } = await documentAt(url, securityCredentials + roleName);
    assert.deepEqual([status, JSON.parse(text).Code], [200, 'Success']);
  };

  test('the socket of systemd-socket-activate is served', needs('systemd-socket-activate', '--version'), async () => {
    const port = await freePort();
    // The port of the flags would be another; systemd's socket goes before it.
    const command = [process.execPath, bin, 'metadata', '--port', '0', ...flags];
    const child = spawn('systemd-socket-activate', ['--listen', `127.0.0.1:${port}`, ...command], {
      env: { PATH: process.env.PATH, HOME: server.directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // It starts the command at the first connection, and becomes it.
    await once(child.stderr, 'data');
    await givesCredentials(`http://127.0.0.1:${port}`);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  test(
    'a handed socket is served, and systemd hears how the service is',
    needs('systemd-notify', '--version'),
    async () => {
      const script = spawn('python3', [at('python/as_systemd.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
      const command = [process.execPath, bin, 'metadata', ...flags];
      // Half of what systemd waits passes between two signs of life.
      const asked = { command, notify: join(server.directory, 'notify'), watchdog: '200000' };
      script.stdin.write(`${JSON.stringify(asked)}\n`);
      try {
        const happened = createInterface(script.stdout)[Symbol.asyncIterator]();
        const next = async () => JSON.parse((await happened.next()).value ?? '{"status":"it said no more"}');
        const { port, pid } = await next();
        // systemd-notify adds whom it speaks for.
        const notice = (text: string) => ({ notice: [`MAINPID=${pid}`, text] });
        assert.deepEqual(await next(), notice('READY=1'));
        for (let signs = 0; signs < 3; signs++) assert.deepEqual(await next(), notice('WATCHDOG=1'));
        await givesCredentials(`http://127.0.0.1:${port}`);
        script.stdin.write('stop\n');
        const last = [await next()];
        while (last.at(-1)?.status === undefined) last.push(await next());
        const others = last.filter(({ notice: [, text] = [] }) => text !== 'WATCHDOG=1');
        assert.deepEqual(others, [notice('STOPPING=1'), { status: 0 }]);
      } finally {
        // The end of its input stops all of it.
        script.stdin.end();
      }
    },
  );

  test('where systemd-notify is missing the service runs, and says what to do', async () => {
    const environment = { NOTIFY_SOCKET: join(server.directory, 'nobody'), PATH: '/nonexistent' };
    const metadata = await startMetadata(flags, environment);
    await givesCredentials(metadata.url);
    const { status, stderr } = await stopMetadata(metadata);
    assert.equal(status, 0);
    assert.match(stderr, /^anyrole: systemd-notify READY=1 failed, say Type=exec in the unit: /);
  });

  test('the units of the documentation have no fault', needs('systemd-analyze', '--version'), async () => {
    const text = readFileSync(at('../../docs/metadata.md'), 'utf8');
    const directory = join(server.directory, 'units');
    mkdirSync(directory);
    const units = [...text.matchAll(/`\/etc\/systemd\/system\/(\S+)`:\s*```ini\n([\s\S]*?)```/g)];
    const paths = units.map(([, name = '', unit = '']) => {
      const path = join(directory, name);
      // The program must be there; which one is no matter.
      writeFileSync(path, unit.replace('/usr/bin/anyrole', process.execPath));
      return path;
    });
    assert.deepEqual(
      units.map(([, name]) => name),
      ['anyrole-metadata.socket', 'anyrole-metadata.service'],
    );
    const verify = () => run('systemd-analyze', ['verify', '--man=no', ...paths]);
    assert.deepEqual(await verify(), { exitCode: 0, stdout: '', stderr: '' });
    writeFileSync(paths[1] ?? '', `${readFileSync(paths[1] ?? '', 'utf8')}Watchdog=60\n`);
    assert.match((await verify()).stderr, /Watchdog/);
  });
});

/** A port of loopback that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  server.close();
  await once(server, 'close');
  return address.port;
}
