// The compatibility page says what is served and what is refused by name: it is read here, so that it cannot be out of date.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { services } from '../src/main.ts';

const page = readFileSync(new URL('../docs/compatibility.md', import.meta.url), 'utf8');

/** The text below a heading or a bold word, up to the next one. */
function after(mark: string): string {
  const from = page.indexOf(mark);
  assert.ok(from >= 0, mark);
  const rest = page.slice(from + mark.length);
  const end = rest.search(/^(\*\*|## )/m);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The names of operations that a text has, of those that the service knows; sorted, as often as they are there. */
function named(text: string, service: string): readonly string[] {
  const { operations, unserved } = serviceOf(service);
  const words = text.match(/\b[A-Z][A-Za-z]+\b/g) ?? [];
  return words.filter((word) => operations.has(word) || unserved.has(word)).sort();
}

function serviceOf(name: string) {
  const found = services.get(name);
  assert.ok(found, name);
  return found;
}

describe('docs/compatibility.md', () => {
  for (const [mark, name] of [
    ['**IAM Roles Anywhere** (', 'rolesanywhere'],
    ['**IAM** (', 'iam'],
    ['**STS** (', 'sts'],
    ["**Of this server's own** (", 'anyrole'],
  ] as const) {
    test(`lists every operation of ${name} that is served, once, and no other`, () => {
      assert.deepEqual(named(after(mark), name), [...serviceOf(name).operations.keys()].sort());
    });
  }

  for (const name of ['rolesanywhere', 'iam', 'sts']) {
    test(`lists every operation of ${name} that is refused by name, once, and no other`, () => {
      const refused = after('## Refused by name').split('- Delta CRLs')[0] ?? '';
      assert.deepEqual(named(refused, name), [...serviceOf(name).unserved].sort());
    });
  }
});
