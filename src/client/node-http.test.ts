import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const client = new URL('index.ts', import.meta.url).href;
const commands = ['credential-process', 'metadata'].map((name) => new URL(`../cli/${name}.ts`, import.meta.url).href);

/** Of Node's own modules, what a fresh process has loaded after these imports. */
async function loadedBy(...modules: readonly string[]): Promise<readonly string[]> {
  const imports = modules.map((name) => `await import(${JSON.stringify(name)});`).join('');
  const script = `${imports} process.stdout.write(JSON.stringify(process.moduleLoadList))`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const args = ['--input-type=module', '--eval', script];
  return JSON.parse((await promisify(execFile)(process.execPath, args, { cwd })).stdout);
}

test('neither the library nor its commands load the HTTP client that Node brings for `fetch` and WebSocket', async () => {
  const undici = /undici/;
  assert.ok(
    (await loadedBy('node:http')).some((name) => undici.test(name)),
    'what to look for is there',
  );
  const loaded = await loadedBy(client, ...commands);
  assert.ok(loaded.includes('NativeModule http'));
  assert.deepEqual(
    loaded.filter((name) => undici.test(name)),
    [],
  );
});
