// Reads what a program names: files, PEM text, bytes, functions. One reading at a time, bounded; what it holds is sorted
// elsewhere.
import { createReadStream } from 'node:fs';
import { failure, RolesAnywhereError } from './errors.ts';
import type { Material } from './options.ts';

/** Bytes of a file that are read at most: keys and chains have some ten thousand. */
const maxBytes = 1024 * 1024;

/** The bytes of a material and how messages name it. */
export type Read = { readonly name: string; readonly bytes: Uint8Array };

/** Whether the string is PEM itself; otherwise it is a path. */
function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

/** Reads a material; `what` names it in messages, as `certificate`. Throws RolesAnywhereError. */
export async function readMaterial(what: string, material: Material): Promise<Read> {
  if (typeof material === 'function') return contentOf(what, material);
  if (material instanceof Uint8Array) return bounded(what, material);
  if (typeof material === 'string' && isPem(material)) return bounded(what, Buffer.from(material));
  if (material === '') throw failure('InvalidOptions', `the path of the ${what} is empty`);
  if (typeof material !== 'string' && !(material instanceof URL))
    throw failure('InvalidOptions', `the ${what} is neither a path, nor PEM text, nor bytes, nor a function`);
  return readPath(what, material);
}

/** Whether reading the material again may bring something else. */
export function isReread(material: unknown): boolean {
  return (
    typeof material === 'function' || material instanceof URL || (typeof material === 'string' && !isPem(material))
  );
}

async function contentOf(what: string, read: Extract<Material, () => unknown>): Promise<Read> {
  const content: unknown = await called(what, read);
  const name = `${what} (of a function)`;
  if (typeof content === 'string') return bounded(name, Buffer.from(content));
  if (content instanceof Uint8Array) return bounded(name, content);
  throw failure('IdentityUnreadable', `the function that gives the ${what} returned neither text nor bytes`);
}

async function called(what: string, read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause;
    throw failure('IdentityUnreadable', `the function that gives the ${what} failed`, { cause });
  }
}

async function readPath(what: string, path: string | URL): Promise<Read> {
  const name = `${what} \`${path}\``;
  try {
    return bounded(name, await firstBytes(path));
  } catch (cause) {
    if (cause instanceof RolesAnywhereError || !(cause instanceof Error && 'code' in cause)) throw cause;
    throw failure('IdentityUnreadable', `the ${name} cannot be read: ${reasonOf(String(cause.code))}`, { cause });
  }
}

/** The file, or so much of it that it is known to be too long. A pipe's bytes come in pieces. */
async function firstBytes(path: string | URL): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop closes the file.
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

function reasonOf(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission is denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return code;
  }
}

function bounded(name: string, bytes: Uint8Array): Read {
  if (bytes.length === 0) throw failure('IdentityUnreadable', `the ${name} is empty`);
  if (bytes.length > maxBytes) throw failure('IdentityUnreadable', `the ${name} is longer than ${maxBytes} bytes`);
  return { name, bytes };
}
