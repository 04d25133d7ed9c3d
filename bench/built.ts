// The package as npm would install it: built into a directory of its own, beside what it depends on.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds it, gives the command's path, and removes all of it with `remove`. Throws where the compiler does. */
export function builtPackage(): { readonly bin: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-built-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const config = join(root, 'packages/server.tsconfig.json');
    execFileSync(process.execPath, [compiler, '-p', config, '--outDir', join(directory, 'dist')], { stdio: 'inherit' });
    for (const name of ['bin', 'package.json']) cpSync(join(root, name), join(directory, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    return { bin: join(directory, 'bin/anyrole.mjs'), remove };
  } catch (cause) {
    remove();
    throw cause;
  }
}
