// Wildcard matching over strings and ARNs. `*` is any run of characters, `?` exactly one. Patterns arrive as parts, so
// that text put in by a policy variable stays literal even when it holds a `*`. No regular expressions, no recursion:
// the greedy leftmost search costs at most pattern × text, whatever the input.

/** One piece of a pattern: literal text, `*` or `?`. */
export type GlobPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'any' | 'one' };

/** A compiled pattern: the pieces between its `*`s, each a run of text (string) and single characters (null). */
export type Glob = {
  /** The literal text before the first wildcard: what does not start so is refused without a further look. */
  readonly lead: string;
  /** What follows the lead: nothing, one last `*`, or more, which `pieces` hold. */
  readonly rest: 'nothing' | 'anything' | 'pieces';
  readonly pieces: readonly (readonly (string | null)[])[];
};

/** Compiled pattern over the six fields of an ARN. */
export type ArnPattern = Pick<Glob, 'lead' | 'rest'> & {
  readonly fields: readonly Glob[];
  /** By field: whether it ends in a `*` that may go on past the colon. */
  readonly crosses: readonly boolean[];
};

/** `any` is the lone `*`, `never` a pattern that is no ARN. */
export type ArnGlob = 'any' | 'never' | ArnPattern;

/** Splits pattern text into parts. With `wildcards` false the whole text is literal. */
export function partsOf(text: string, wildcards: boolean): GlobPart[] {
  if (!wildcards) return text === '' ? [] : [{ kind: 'text', text }];
  return text
    .split(/([*?])/)
    .filter((piece) => piece !== '')
    .map((piece) =>
      piece === '*' ? { kind: 'any' } : piece === '?' ? { kind: 'one' } : { kind: 'text', text: piece },
    );
}

/** Compiles parts. Adjacent texts may be separate parts; the result does not depend on how they are cut. */
export function compileGlob(parts: readonly GlobPart[]): Glob {
  const pieces: (string | null)[][] = [[]];
  for (const part of parts) {
    if (part.kind === 'any') pieces.push([]);
    else pieces.at(-1)?.push(part.kind === 'text' ? part.text : null);
  }
  return { ...headOf(parts), pieces };
}

function headOf(parts: readonly GlobPart[]): Pick<Glob, 'lead' | 'rest'> {
  const wildcard = parts.findIndex(({ kind }) => kind !== 'text');
  const literal = wildcard < 0 ? parts : parts.slice(0, wildcard);
  const lead = literal.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const onlyLast = wildcard === parts.length - 1 && parts.at(-1)?.kind === 'any';
  return { lead, rest: wildcard < 0 ? 'nothing' : onlyLast ? 'anything' : 'pieces' };
}

/** Length in UTF-16 units of any text the piece matches. */
const lengthOf = (piece: readonly (string | null)[]): number =>
  piece.reduce((sum, element) => sum + (element === null ? 1 : element.length), 0);

function fitsAt(piece: readonly (string | null)[], text: string, start: number): boolean {
  let at = start;
  for (const element of piece) {
    if (element !== null && !text.startsWith(element, at)) return false;
    at += element === null ? 1 : element.length;
  }
  return at <= text.length;
}

/** Leftmost position from `from` where the piece fits, or -1. */
function find(piece: readonly (string | null)[], text: string, from: number): number {
  const last = text.length - lengthOf(piece);
  const lead = piece[0];
  for (let at = from; at <= last; at++) {
    if (typeof lead === 'string') at = text.indexOf(lead, at);
    if (at < 0 || at > last) return -1;
    if (fitsAt(piece, text, at)) return at;
  }
  return -1;
}

/** Whether the whole text matches the pattern. Case-sensitive: fold both sides first where the element is not. */
export function globMatches({ lead, rest, pieces }: Glob, text: string): boolean {
  if (rest === 'nothing') return text === lead;
  if (!text.startsWith(lead)) return false;
  return rest === 'anything' || piecesMatch(pieces, text);
}

/** Whether some pattern matches. A loop, for this is asked of every statement and each closure would be one more object. */
export function someGlobMatches(globs: readonly Glob[], text: string): boolean {
  for (const glob of globs) if (globMatches(glob, text)) return true;
  return false;
}

function piecesMatch(pieces: Glob['pieces'], text: string): boolean {
  const first = pieces[0] ?? [];
  if (!fitsAt(first, text, 0)) return false;
  if (pieces.length < 2) return lengthOf(first) === text.length;
  const last = pieces.at(-1) ?? [];
  const limit = text.length - lengthOf(last);
  let at = lengthOf(first);
  for (const piece of pieces.slice(1, -1)) {
    const found = find(piece, text, at);
    if (found < 0) return false;
    at = found + lengthOf(piece);
  }
  return at <= limit && fitsAt(last, text, limit);
}

/** The six fields of an ARN, the sixth holding every further colon; undefined for text with fewer than five colons. */
export function arnFields(arn: string): readonly string[] | undefined {
  const fields = arn.split(':');
  if (fields.length < 6) return undefined;
  return [...fields.slice(0, 5), fields.slice(5).join(':')];
}

/** The parts of each field of a pattern; at most six, the last one holding every further colon. */
function fieldsOf(parts: readonly GlobPart[]): GlobPart[][] {
  const fields: GlobPart[][] = [[]];
  for (const part of parts) {
    if (part.kind !== 'text') {
      fields.at(-1)?.push(part);
      continue;
    }
    let rest = part.text;
    while (fields.length < 6 && rest.includes(':')) {
      const colon = rest.indexOf(':');
      if (colon > 0) fields.at(-1)?.push({ kind: 'text', text: rest.slice(0, colon) });
      fields.push([]);
      rest = rest.slice(colon + 1);
    }
    if (rest !== '') fields.at(-1)?.push({ kind: 'text', text: rest });
  }
  return fields;
}

function compileFields(parts: readonly GlobPart[], crossing: boolean): ArnGlob {
  if (parts.length === 1 && parts[0]?.kind === 'any') return 'any';
  const fields = fieldsOf(parts);
  if (fields.length < 2 || !globMatches(compileGlob(fields[0] ?? []), 'arn')) return 'never';
  const { lead, rest } = headOf(parts);
  const whole =
    fields.length === 6 && (rest === 'nothing' || (rest === 'anything' && fields[5]?.at(-1)?.kind === 'any'));
  const crosses = fields.map((field, index) => crossing && index < 5 && field.at(-1)?.kind === 'any');
  while (fields.length < 6) fields.push([{ kind: 'any' }]);
  return { lead, rest: whole ? rest : 'pieces', fields: fields.map(compileGlob), crosses };
}

/**
 * Compiles the pattern of an ARN condition: each of the six fields is matched by itself. A short pattern is filled up
 * with `*`, so that `arn:aws:s3` followed by nothing names everything of s3.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * AWS seen: the message `Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*"` shows the filling-up.
 */
export const compileArn = (parts: readonly GlobPart[]): ArnGlob => compileFields(parts, false);

/**
 * Compiles the pattern of a Resource: as an ARN condition, but a `*` that ends a field goes on past the colon where it
 * must, so that `arn:aws:lambda:*:function:f` names the function in every Region and account.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export const compileResource = (parts: readonly GlobPart[]): ArnGlob => compileFields(parts, true);

/** Whether an ARN matches. Text that is no ARN (`*` for an action without a resource) matches only the lone `*`. */
export function arnMatches(glob: ArnGlob, arn: string): boolean {
  if (glob === 'any') return true;
  if (glob === 'never' || !arn.startsWith(glob.lead)) return false;
  if (glob.rest === 'nothing') return arn.length === glob.lead.length;
  if (glob.rest === 'anything') return true;
  const pieces = arn.split(':');
  if (pieces.length < 6) return false;
  if (pieces.length === 6 || !glob.crosses.includes(true)) return straightMatches(glob, pieces);
  return crossingMatches(glob, pieces);
}

const anyText: Glob = compileGlob([{ kind: 'any' }]);

function straightMatches({ fields }: ArnPattern, pieces: readonly string[]): boolean {
  for (let i = 0; i < 5; i++) if (!globMatches(fields[i] ?? anyText, pieces[i] ?? '')) return false;
  return globMatches(fields[5] ?? anyText, pieces.slice(5).join(':'));
}

/** Which pieces each field may begin at, field by field; then whether the last field takes all that remains. */
function crossingMatches({ fields, crosses }: ArnPattern, pieces: readonly string[]): boolean {
  let begins = pieces.map((_, at) => at === 0);
  for (let i = 0; i < 5; i++) {
    const next = pieces.map(() => false);
    let running = false;
    for (const [at, piece] of pieces.entries()) {
      if (running) next[at] = true;
      const matches = begins[at] === true && globMatches(fields[i] ?? anyText, piece);
      if (matches && at + 1 < next.length) next[at + 1] = true;
      running ||= matches && crosses[i] === true;
    }
    begins = next;
  }
  return begins.some((begin, at) => begin && globMatches(fields[5] ?? anyText, pieces.slice(at).join(':')));
}
