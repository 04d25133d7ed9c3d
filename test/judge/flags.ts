// The flags of a subcommand of the judge: each has a few lawful values, of which the first is meant where it is not given.

/** The words after the subcommand are not its flags. The message is one line. */
export class BadFlag extends Error {}

/** Reads `--name value` and `--name=value`; throws BadFlag for unknown flags and values, and for one given twice. */
export function readFlags<const Flags extends Readonly<Record<string, readonly [string, ...string[]]>>>(
  words: readonly string[],
  flags: Flags,
): { readonly [Name in keyof Flags]: Flags[Name][number] } {
  const given = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const [, name = '', inline] = /^--([a-z0-9-]+)(?:=(.*))?$/.exec(words[at] ?? '') ?? [];
    const values = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!values) throw new BadFlag(`unknown flag \`${oneLine(words[at])}\`: use ${usage(flags)}`);
    if (given.has(name)) throw new BadFlag(`\`--${name}\` is given twice`);
    const value = inline ?? words[++at];
    if (value === undefined || !values.includes(value))
      throw new BadFlag(`\`--${name} ${oneLine(value)}\`: use one of ${values.join(', ')}`);
    given.set(name, value);
  }
  const read = Object.entries(flags).map(([name, [first]]) => [name, given.get(name) ?? first]);
  // Every flag of the table is there, with a value that is one of its own: checked above.
  return Object.fromEntries(read) as { readonly [Name in keyof Flags]: Flags[Name][number] };
}

function usage(flags: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.entries(flags).map(([name, values]) => `--${name} ${values.join('|')}`);
  return names.length > 0 ? names.join(', ') : 'none';
}

function oneLine(word = ''): string {
  return word.replace(/\s+/g, ' ');
}
