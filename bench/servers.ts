// The servers under measurement: Anyrole as an operator would run it, and the bare one that H is measured on.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RootKey } from './account.ts';
import { type ChildServer, startChild } from './child.ts';

const anyrole = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));
const bareServer = fileURLToPath(new URL('bare-server.ts', import.meta.url));
/** Quotas so high that creates meet none: AWS's own, which are the default, allow 250 profiles and 1,000 roles. */
const settings = fileURLToPath(new URL('settings.json', import.meta.url));

/** A root key that nobody had before. */
export function newRootKey(): RootKey {
  return { accessKeyId: 'AKIABENCHBENCHBENCHX', secretAccessKey: randomBytes(30).toString('base64') };
}

/** Anyrole on an empty directory, or on `dataDir`; run from its sources, or from what was built of them. */
export function startAnyrole(rootKey: RootKey, dataDir?: string, program = anyrole): Promise<ChildServer> {
  return startChild({
    arguments: (directory) => {
      const data = dataDir ?? `${directory}/data`;
      return [program, 'serve', '--listen', '127.0.0.1:0', '--data-dir', data, '--config', settings];
    },
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
}

/** Builds the server as npm ships it, in the directory; gives its program. */
export function buildAnyrole(directory: string): string {
  const root = new URL('../', import.meta.url);
  const path = (name: string) => fileURLToPath(new URL(name, root));
  const tsc = [path('node_modules/typescript/bin/tsc'), '-p', path('packages/server.tsconfig.json')];
  execFileSync(process.execPath, [...tsc, '--outDir', join(directory, 'dist')], { stdio: 'ignore' });
  cpSync(path('bin'), join(directory, 'bin'), { recursive: true });
  cpSync(path('package.json'), join(directory, 'package.json'));
  symlinkSync(realpathSync(path('node_modules')), join(directory, 'node_modules'));
  return join(directory, 'bin', 'anyrole.mjs');
}

/** Answers every request with this status and so many bytes. */
export function startBare(status: number, bodyBytes: number): Promise<ChildServer> {
  return startChild({ arguments: () => [bareServer, String(status), String(bodyBytes)] });
}
