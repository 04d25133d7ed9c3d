// The servers under measurement: Anyrole as an operator would run it, and the bare one that H is measured on.
import { randomBytes } from 'node:crypto';
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

/** Anyrole on an empty directory, or on `dataDir`. */
export function startAnyrole(rootKey: RootKey, dataDir?: string): Promise<ChildServer> {
  return startChild({
    arguments: (directory) => {
      const data = dataDir ?? `${directory}/data`;
      return [anyrole, 'serve', '--listen', '127.0.0.1:0', '--data-dir', data, '--config', settings];
    },
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
}

/** Answers every request with this status and so many bytes. */
export function startBare(status: number, bodyBytes: number): Promise<ChildServer> {
  return startChild({ arguments: () => [bareServer, String(status), String(bodyBytes)] });
}
