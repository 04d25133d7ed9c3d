// One list from a file below a directory that the operator lists, wherever its links lead: out of the directories, nowhere.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import type { CrlPlaces, CrlUrl } from '../core/x509/crl-url.ts';
import { type Fetched, type FetchLimits, failed } from './fetched.ts';

/** The bytes of the file, or why there are none. Never rejects. */
export async function fetchFile(
  { path }: CrlUrl & { readonly kind: 'file' },
  { directories }: CrlPlaces,
  limits: FetchLimits,
): Promise<Fetched> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return failed('notFound');
  const roots = await Promise.all(directories.map((directory) => realpath(directory).catch(() => undefined)));
  if (!roots.some((root) => root !== undefined && real.startsWith(root === '/' ? '/' : `${root}/`)))
    return failed('outsideDirectories');
  let file: FileHandle | undefined;
  try {
    // Not through a link that came since, and without waiting for the other end of a pipe.
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await contentOf(file, limits);
  } catch {
    return failed('notFound');
  } finally {
    await file?.close();
  }
}

async function contentOf(file: FileHandle, { maxBytes, signal }: FetchLimits): Promise<Fetched> {
  const { size, isFile } = await file.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
  if (!isFile) return failed('notRegularFile');
  if (size > maxBytes) return failed('tooLarge');
  // One byte more than it had: a file that grows meanwhile is not the file that was asked for.
  const bytes = new Uint8Array(size + 1);
  let length = 0;
  while (length < bytes.length) {
    if (signal.aborted) return failed('timeout');
    const { bytesRead } = await file.read(bytes, length, Math.min(bytes.length - length, 1 << 20), length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > size) return failed('tooLarge');
  const content = bytes.subarray(0, length);
  return { ok: true, bytes: content, digest: createHash('sha256').update(content).digest('hex') };
}
