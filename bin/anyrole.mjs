#!/usr/bin/env node
// The command `anyrole`. Plain JavaScript that any Node parses: an old one must be able to say that it is old.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 7)) {
  process.stderr.write(
    `anyrole: Node ${process.versions.node} is too old, expected 24.7 or newer; in the repository, npm run brings its own\n`,
  );
  process.exit(2);
}
// node:sqlite still announces itself as experimental on some supported versions; people need not read it.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).includes('SQLite')) emitWarning.call(process, warning, ...rest);
};
// The repository runs its sources; the package of npm has none, and what is built of them.
const isRepository = existsSync(new URL('../src', import.meta.url));
// Types are stripped once and not at each start, which takes longer than all the rest of it. Beside what npm installed: who may
// write there may change the program anyway. Where it cannot be written to, nothing is kept.
if (isRepository) module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/anyrole', import.meta.url)));
const commands = isRepository ? '../src/cli/' : '../dist/cli/';
const suffix = isRepository ? 'ts' : 'js';
// Before anything else is loaded: what V8 takes while it loads it does not give back.
if (process.argv[2] === 'metadata') (await import(`${commands}memory.${suffix}`)).keepMemorySmall();
const { main } = await import(`${commands}anyrole.${suffix}`);
await main(process.argv, process.env);
