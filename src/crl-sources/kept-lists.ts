// The last good list of each place, on disk: a server that starts anew, or whose network is gone, still has what it knew.
import { hash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The last good list of each place, byte for byte as it came. */
export type KeptLists = {
  /** Undefined where there is none, or it cannot be read. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** In one step: a reader sees the list before or this one. Rejects where the disk refuses. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
};

/** Files in the directory, at most; the one written first goes first. */
export const maxKeptLists = 1024;

/** Lists in files of a directory that is made when the first is written: mode 0600, named for a digest of the key. */
export function listsInDirectory(directory: string): KeptLists {
  const fileOf = (key: string) => join(directory, `${hash('sha256', key, 'hex')}.crl`);
  return {
    read: (key) => readFile(fileOf(key)).catch(() => undefined),
    async write(key, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = fileOf(key);
      const draft = `${file}.draft`;
      await written(draft, bytes);
      await rename(draft, file);
      await forgetEldest(directory);
    },
    remove: (key) => rm(fileOf(key), { force: true }),
  };
}

async function written(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function forgetEldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.crl'));
  if (names.length <= maxKeptLists) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  files.sort((one, other) => one.at - other.at);
  for (const { name } of files.slice(0, files.length - maxKeptLists)) await rm(join(directory, name), { force: true });
}
