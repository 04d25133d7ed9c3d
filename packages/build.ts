// Builds what npm ships: Node refuses to strip types below node_modules, so a package holds JavaScript and declarations.
// `build` makes the server's, `build -- client` the client's; npm runs both before it packs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, root));

const packages = {
  server: { config: 'packages/server.tsconfig.json', built: 'dist', copied: [] },
  client: { config: 'packages/client/tsconfig.json', built: 'packages/client/dist', copied: ['LICENSE'] },
} as const;

const name = process.argv[2] === 'client' ? 'client' : 'server';
const { config, built, copied } = packages[name];
// A module that is gone from the sources must not stay in the package.
rmSync(path(built), { recursive: true, force: true });
execFileSync(process.execPath, [path('node_modules/typescript/bin/tsc'), '-p', path(config)], { stdio: 'inherit' });
for (const file of copied) copyFileSync(path(file), path(`packages/${name}/${file}`));
