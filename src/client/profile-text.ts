// The text of a shared credentials file with one profile's credentials set anew: every other byte stays. Reads sections,
// options and continuation lines as Python's configparser does, which the AWS CLI and boto3 read the file with.

/** What is written into a profile. */
export type ProfileKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

/** Why the text cannot be made; nothing is written then. */
export type ProfileTextResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'profileName' | 'credentials' };

// The old name of the session token: boto3 and the AWS CLI prefer it where both stand, so a stale one would win.
const formerTokenName = 'aws_security_token';

/**
 * The text of the file with these credentials in `[profile]`, one character for each byte (latin1), so that whatever it
 * holds stays as it is. A missing section is added at the end. In later sections of the same name, which some SDKs merge,
 * the options are taken out. `profileName`: empty, or with brackets, line ends or outer spaces. `credentials`: a value that is not one
 * word of printable ASCII, which could bring lines of its own into the file.
 */
export function withProfileKeys(text: string, profile: string, keys: ProfileKeys): ProfileTextResult {
  if (!isProfileName(profile)) return { ok: false, reason: 'profileName' };
  const options = optionsOf(keys);
  if (![...options.values()].every((value) => /^[\x21-\x7e]+$/.test(value)))
    return { ok: false, reason: 'credentials' };
  const lines = linesOf(text);
  const name = Buffer.from(profile).toString('latin1');
  // A carriage return at the very end would become half of the line end that is put behind it.
  const ending = /\r(?:\n|$)/.test(text) ? '\r\n' : '\n';
  return { ok: true, text: written(lines, name, options, ending) };
}

/** Whether a section of a credentials file can have this name. */
export function isProfileName(profile: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name may not have
  return profile !== '' && profile.trim() === profile && !/[\x00-\x1f\x7f[\]]/.test(profile);
}

function optionsOf(keys: ProfileKeys): Map<string, string> {
  return new Map([
    ['aws_access_key_id', keys.accessKeyId],
    ['aws_secret_access_key', keys.secretAccessKey],
    ['aws_session_token', keys.sessionToken],
  ]);
}

/** One line with its end, and what it is to configparser. */
type Line = { readonly text: string } & (
  | { readonly kind: 'section'; readonly name: string }
  /** `indent` is the option's, in characters. */
  | { readonly kind: 'option'; readonly name: string; readonly indent: string }
  | { readonly kind: 'continuation' | 'other' }
);

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  // Indentation of the option whose value a deeper line would continue.
  let optionIndent: number | undefined;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const read = lineOf(line, optionIndent);
    if (read.kind === 'section') optionIndent = undefined;
    if (read.kind === 'option') optionIndent = read.indent.length;
    lines.push(read);
  }
  return lines;
}

// A byte order mark, as latin1 shows it, may stand before the first section.
const sectionForm = /^(?:\xef\xbb\xbf)?[ \t]*\[([^\]\r\n]+)\]/;
const optionForm = /^([ \t]*)([^ \t\r\n\f\v=:[#;][^=:\r\n]*?)[ \t]*(?:[=:]|\r?\n?$)/;

function lineOf(text: string, optionIndent: number | undefined): Line {
  if (isBlank(text)) return { kind: 'other', text };
  const indent = /^[ \t\r\f\v]*/.exec(text)?.[0].length ?? 0;
  if (optionIndent !== undefined && indent > optionIndent) return { kind: 'continuation', text };
  const [, section] = sectionForm.exec(text) ?? [];
  if (section !== undefined) return { kind: 'section', name: section.replace(/^[ \t]+|[ \t]+$/g, ''), text };
  const [, spaces = '', name] = optionForm.exec(text) ?? [];
  return name === undefined
    ? { kind: 'other', text }
    : { kind: 'option', name: name.toLowerCase(), indent: spaces, text };
}

/** Empty, or all comment. */
function isBlank(text: string): boolean {
  return /^[ \t\r\n\f\v]*(?:$|[#;])/.test(text);
}

function written(lines: readonly Line[], name: string, options: ReadonlyMap<string, string>, ending: string): string {
  const start = lines.findIndex((line) => line.kind === 'section' && line.name === name);
  const option = (key: string, indent = '') => `${indent}${key} = ${options.get(key)}${ending}`;
  if (start < 0) return withSection(lines, name, [...options.keys()].map((key) => option(key)).join(''), ending);
  const length = lines.slice(start + 1).findIndex(({ kind }) => kind === 'section');
  const end = length < 0 ? lines.length : start + 1 + length;
  const section = lines.slice(start + 1, end);
  const present = new Set(section.map((line) => (line.kind === 'option' ? line.name : undefined)));
  const indent = deepestIndent(lines.slice(start + 1));
  const missing = [...options.keys()].filter((key) => !present.has(key)).map((key) => option(key, indent));
  const header = lines[start]?.text ?? '';
  return [
    texts(lines.slice(0, start)),
    header.endsWith('\n') ? header : header + ending,
    ...missing,
    texts(replaced(section, options, option)),
    texts(withoutRepeats(lines.slice(end), name, options)),
  ].join('');
}

/**
 * What an option put before these lines is indented by: as deep as any line up to the first option or section, else that
 * would become its continuation.
 */
function deepestIndent(lines: readonly Line[]): string {
  const until = lines.findIndex(({ kind }) => kind === 'option' || kind === 'section');
  const candidates = lines.slice(0, until < 0 ? lines.length : until + 1).filter(({ text }) => !isBlank(text));
  return candidates
    .map(({ text }) => /^[ \t]*/.exec(text)?.[0] ?? '')
    .reduce((deepest, indent) => (indent.length > deepest.length ? indent : deepest), '');
}

/** The section's lines with each option set where it first stands; its other places and its old values' further lines go. */
function replaced(
  section: readonly Line[],
  options: ReadonlyMap<string, string>,
  option: (key: string, indent: string) => string,
): readonly Line[] {
  const done = new Set<string>([formerTokenName]);
  let dropping = false;
  return section.flatMap((line): Line[] => {
    if (line.kind === 'continuation') return dropping ? [] : [line];
    if (line.kind !== 'option') return [line];
    dropping = options.has(line.name) || line.name === formerTokenName;
    if (!dropping) return [line];
    if (done.has(line.name)) return [];
    done.add(line.name);
    return [{ ...line, text: option(line.name, line.indent) }];
  });
}

function withoutRepeats(lines: readonly Line[], name: string, options: ReadonlyMap<string, string>): readonly Line[] {
  let inRepeat = false;
  let dropping = false;
  return lines.filter((line) => {
    if (line.kind === 'section') inRepeat = line.name === name;
    if (line.kind === 'section' || line.kind === 'option') {
      dropping = inRepeat && line.kind === 'option' && (options.has(line.name) || line.name === formerTokenName);
    }
    return line.kind === 'other' || !dropping;
  });
}

function withSection(lines: readonly Line[], name: string, body: string, ending: string): string {
  const before = texts(lines);
  const ended = before === '' || before.endsWith('\n') ? before : before + ending;
  const gap = ended === '' || ended.endsWith(ending + ending) ? '' : ending;
  return `${ended}${gap}[${name}]${ending}${body}`;
}

function texts(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join('');
}
