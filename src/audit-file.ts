// The name of the server's audit chain, beside the data: whoever can write to the database alone can take the chain away,
// but not put another in its place unnoticed.
import { existsSync, readFileSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { writeWhole } from './keyring-file.ts';

/** The name of the file in a data directory. */
export const auditFileName = 'audit.json';

/** The chain that the file names, or undefined when there is no file. Throws ConfigError for a file that names none. */
export function namedChain(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const chain = chainIn(path);
  if (chain === undefined)
    throw new ConfigError(`\`${path}\`: expected the name of an audit chain; restore it from a backup`);
  return chain;
}

/** Writes the file. The data directory's lock must be held. */
export function nameChain(path: string, chain: string): void {
  writeWhole(path, `${JSON.stringify({ version: 1, chain }, undefined, 2)}\n`);
}

function chainIn(path: string): string | undefined {
  try {
    const { version, chain } = Object(JSON.parse(readFileSync(path, 'utf8')));
    return version === 1 && typeof chain === 'string' && /^[0-9a-f]{16}$/.test(chain) ? chain : undefined;
  } catch {
    return undefined;
  }
}
