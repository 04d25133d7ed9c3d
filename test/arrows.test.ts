// The one structural rule that a machine enforces: who may import whom, read off the import lines. The table stands here
// once; ARCHITECTURE.md draws it.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

type Row = {
  /** Its files below src: a folder, a file, or a pattern. */
  readonly room: string;
  /** Paths below src, or their beginnings, that the room may import besides its own files. */
  readonly imports: readonly string[];
  /** Modules of others. Absent: all of node. */
  readonly modules?: readonly string[];
};

const anyNode = 'node:';
/** The first row in whose room a path stands is its row. */
const arrows: readonly Row[] = [
  { room: 'contract/', imports: [] },
  { room: 'store/', imports: [] },
  { room: 'telemetry/', imports: [], modules: [anyNode, 'prom-client'] },
  { room: 'core/', imports: [], modules: ['node:crypto', 'node:buffer'] },
  { room: 'protocols/', imports: ['contract/'] },
  ...['rolesanywhere', 'iam', 'sts', 'anyrole'].map((service) => ({
    room: `services/${service}/`,
    imports: ['contract/', 'core/', 'store/store.ts', 'services/*.ts', 'services/*/records.ts'],
  })),
  { room: 'services/*.ts', imports: ['contract/', 'core/', 'store/store.ts'] },
  {
    room: 'gateway/',
    imports: [
      'protocols/',
      'services/*.ts',
      'services/*/records.ts',
      'contract/',
      'core/',
      'store/store.ts',
      'telemetry/',
      'audit/',
      'keyring.ts',
      'node-http.ts',
    ],
  },
  { room: 'audit/', imports: ['telemetry/', 'store/store.ts', 'keyring.ts'], modules: ['node:crypto', 'node:buffer'] },
  { room: 'notifications/', imports: ['services/*/records.ts', 'core/x509/', 'store/store.ts', 'telemetry/'] },
  { room: 'node-http.ts', imports: [], modules: ['node:module', 'node:http', 'node:https'] },
  { room: 'fetching/', imports: ['node-http.ts'] },
  { room: 'crl-sources/', imports: ['core/x509/', 'services/fetched-crls.ts', 'fetching/', 'telemetry/'] },
  {
    room: 'web-identity/',
    imports: ['core/session/', 'services/web-identity.ts', 'fetching/'],
    modules: [anyNode, 'jose'],
  },
  { room: 'client/', imports: ['core/', 'node-http.ts'] },
  {
    room: 'cli/',
    imports: [
      'main.ts',
      'config.ts',
      'audit-directory.ts',
      'keyring-directory.ts',
      'backup.ts',
      'audit/',
      'client/',
      'core/',
      'telemetry/',
    ],
    modules: [anyNode, 'commander', '@peculiar/x509', 'reflect-metadata'],
  },
  {
    room: 'keyring.ts',
    imports: ['core/remember.ts', 'core/signature/keyed-hash.ts'],
    modules: ['node:crypto', 'node:buffer'],
  },
  { room: 'config.ts', imports: [] },
  { room: 'keyring-file.ts', imports: ['keyring.ts', 'config.ts'] },
  {
    room: 'keyring-state.ts',
    imports: ['keyring.ts', 'audit/', 'services/*.ts', 'services/*/records.ts', 'store/store.ts'],
  },
  {
    room: 'keyring-life.ts',
    imports: ['config.ts', 'keyring.ts', 'keyring-file.ts', 'keyring-state.ts', 'store/store.ts', 'telemetry/'],
  },
  {
    room: 'keyring-directory.ts',
    imports: ['config.ts', 'keyring.ts', 'keyring-file.ts', 'keyring-state.ts', 'store/sqlite-glance.ts'],
  },
  {
    room: 'audit-directory.ts',
    imports: ['audit-file.ts', 'audit/', 'config.ts', 'keyring.ts', 'store/sqlite-glance.ts'],
  },
  {
    room: 'audit-log.ts',
    imports: ['audit-file.ts', 'audit/', 'config.ts', 'keyring.ts', 'store/store.ts', 'telemetry/'],
  },
  { room: 'audit-file.ts', imports: ['config.ts', 'keyring-file.ts'] },
  {
    room: 'backup.ts',
    imports: [
      'audit-directory.ts',
      'audit-file.ts',
      'config.ts',
      'keyring-file.ts',
      'keyring-state.ts',
      'store/sqlite-copy.ts',
      'store/sqlite-glance.ts',
    ],
  },
  {
    room: 'root-account.ts',
    imports: ['config.ts', 'keyring.ts', 'core/', 'services/*.ts', 'services/*/records.ts', 'store/store.ts'],
  },
  // The composition root imports whom it pleases, except what starts it.
  {
    room: 'main.ts',
    imports: [
      'config.ts',
      'keyring.ts',
      'keyring-life.ts',
      'root-account.ts',
      'audit-log.ts',
      'gateway/',
      'services/',
      'store/',
      'telemetry/',
      'notifications/',
      'crl-sources/',
      'web-identity/',
    ],
  },
];

/** A file below src and what it imports: files below src as paths, modules by name. */
type File = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

// Import and export lines, dynamic imports, and imports of types inside types.
const specifier = /(?:^(?:import|export)\b[^;'"]*?from\s*|^import\s*|\bimport\(\s*|\brequire\(\s*)['"]([^'"]+)['"]/gm;

function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(specifier)].map(([, to = '']) => (to.startsWith('.') ? join(dirname(path), to) : to));
}

const files: readonly File[] = globSync('**/*.{ts,tsx,mts,js,mjs}', { cwd: join(root, 'src') })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !path.endsWith('.test.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, 'src', path), 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });
const paths = new Set(files.map(({ path }) => path));

function rowOf(path: string): Row | undefined {
  return arrows.find(({ room }) => isUnder(room, path));
}

function mayImport({ room, imports, modules = [anyNode] }: Row, to: string): boolean {
  const isOurs = to.endsWith('.ts');
  if (!isOurs) return modules.some((name) => to === name || (name === anyNode && to.startsWith(anyNode)));
  return [room, ...imports].some((pattern) => isUnder(pattern, to));
}

/** `*` stands for one name without a slash; a pattern that ends in a slash is a folder. */
function isUnder(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
  const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  return new RegExp(`^${source}$`).test(path);
}

test('the reader of import lines finds every form of them', () => {
  const text = [
    "import a from './a.ts';",
    "import type { B } from '../core/b.ts';",
    "import {\n  c,\n  type D,\n} from 'node:fs';",
    "import './e.ts';",
    "export { f } from './f.ts';",
    "export * from './g.ts';",
    "const h = await import('./h.ts');",
    "type I = import('./i.ts').I;",
    "// from './no.ts' is only said",
  ].join('\n');
  const found = ['cli/a.ts', 'core/b.ts', 'node:fs', 'cli/e.ts', 'cli/f.ts', 'cli/g.ts', 'cli/h.ts', 'cli/i.ts'];
  assert.deepEqual(importsOf('cli/x.ts', text), found);
});

test('the judge of arrows knows a wrong one', () => {
  const wrong = [
    ['contract/shape.ts', 'core/x509/der.ts'],
    ['core/x509/der.ts', 'contract/shape.ts'],
    ['core/x509/der.ts', 'node:fs'],
    ['protocols/query-xml.ts', 'services/call.ts'],
    ['services/iam/roles.ts', 'services/rolesanywhere/profiles.ts'],
    ['services/iam/roles.ts', 'store/sqlite.ts'],
    ['services/call.ts', 'services2/x.ts'],
    ['services/call.ts', 'services/iam/records.ts'],
    ['keyring.ts', 'keyring-file.ts'],
    ['gateway/http.ts', 'services/iam/roles.ts'],
    ['gateway/http.ts', 'store/sqlite.ts'],
    ['gateway/http.ts', 'main.ts'],
    ['gateway/http.ts', 'express'],
    ['client/send.ts', 'gateway/http.ts'],
    ['services/rolesanywhere/revocation.ts', 'crl-sources/crl-sources.ts'],
    ['crl-sources/crl-sources.ts', 'services/rolesanywhere/records.ts'],
  ] as const;
  for (const [from, to] of wrong) {
    const row = rowOf(from);
    assert.equal(row && mayImport(row, to), false, `${from} → ${to}`);
  }
  const right = [
    ['services/iam/roles.ts', 'services/rolesanywhere/records.ts'],
    ['services/iam/roles.ts', 'services/iam/tags.ts'],
    ['gateway/call.ts', 'services/iam/records.ts'],
  ] as const;
  for (const [from, to] of right) {
    const row = rowOf(from);
    assert.equal(row && mayImport(row, to), true, `${from} → ${to}`);
  }
});

test('every file stands in a room of the table', () => {
  assert.ok(files.length > 50);
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => rowOf(path) === undefined),
    [],
  );
});

test('every import points along an arrow, to a file that is there', () => {
  const wrong = files.flatMap(({ path, imports }) => {
    const row = rowOf(path);
    return imports
      .filter((to) => row === undefined || !mayImport(row, to) || (to.endsWith('.ts') && !paths.has(to)))
      .map((to) => `${path} → ${to}`);
  });
  assert.deepEqual(wrong, []);
});

test('nobody but the command line imports main', () => {
  const importers = files.filter(({ imports }) => imports.includes('main.ts')).map(({ path }) => path);
  assert.deepEqual(
    importers.filter((path) => !path.startsWith('cli/')),
    [],
  );
});

test('no file imports itself, however long the way round', () => {
  const byPath = new Map(files.map((file) => [file.path, file.imports.filter((to) => paths.has(to))]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]) => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (way.includes(path) || done.has(path)) return;
    for (const to of byPath.get(path) ?? []) visit(to, [...way, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  assert.deepEqual(cycles, []);
});

test('no file or folder has a name that says nothing', () => {
  const empty =
    /^(?:utils?|helpers?|common|misc|lib|managers?|handlers?|processors?|base|abstract|impl|data|info|types?)$/;
  const named = globSync('{src,test,bench}/**', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  const wrong = named.filter((path) =>
    path.split('/').some((part) => empty.test(part.replace(/(?:\.test)?\.[a-z]+$/, ''))),
  );
  assert.deepEqual(wrong, []);
});

// Comments may speak of what code may not do.
const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

for (const [what, pattern, allowed] of [
  ['the environment', /\bprocess\.env\b/, ['config.ts', 'cli/', 'client/world.ts']],
  [
    'the clock',
    /\bDate\.now\(|\bnew Date\(\)|\bDate\(\)|\bperformance\.now\(|\bhrtime\b/,
    ['main.ts', 'cli/', 'client/world.ts'],
  ],
  [
    'chance',
    /\bMath\.random\(|\brandom(?:UUID|Int|Fill|FillSync)\(|^import \{[^}]*\brandomBytes\b[^}]*\} from 'node:crypto'/m,
    ['main.ts', 'cli/', 'client/world.ts'],
  ],
] as const) {
  test(`${what} is read in ${allowed.join(' and ')} alone`, () => {
    const readers = files.filter(
      ({ path, text }) => pattern.test(code(text)) && !allowed.some((room) => path.startsWith(room)),
    );
    assert.deepEqual(
      readers.map(({ path }) => path),
      [],
    );
  });
}

test('no module starts work or keeps state when it is imported', () => {
  // A timer, a listener or a file opened at the left margin.
  const work = /^(?:await |setInterval\(|setTimeout\(|process\.on|let )/m;
  const starters = files.filter(({ text }) => work.test(code(text))).map(({ path }) => path);
  assert.deepEqual(starters, []);
});
