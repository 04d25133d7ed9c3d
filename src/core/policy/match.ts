// Wildcard matching over strings and ARNs. `*` is any run of characters, `?` exactly one. Patterns arrive as parts, so
// that text put in by a policy variable stays literal even when it holds a `*`. No regular expressions, no recursion:
// the greedy leftmost search costs at most pattern × text, whatever the input.

/** One piece of a pattern: literal text, `*` or `?`. */
export type GlobPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'any' | 'one' };

/** A compiled pattern: the pieces between its `*`s, each a run of text (string) and single characters (null). */
export type Glob = { readonly pieces: readonly (readonly (string | null)[])[] };

/** Compiled pattern over the six fields of an ARN; `any` is the lone `*`, `never` a pattern that is no ARN. */
export type ArnGlob = 'any' | 'never' | readonly Glob[];

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
  return { pieces };
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
export function globMatches({ pieces }: Glob, text: string): boolean {
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

/**
 * Compiles an ARN pattern, field by field. A short pattern is filled up with `*`, so that `arn:aws:s3` followed by
 * nothing names everything of s3.
 * AWS seen: the message `Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*"` shows the filling-up.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html, which also lets a
 * `*` that ends a field "expand beyond the colon". Ours: only the last field written expands so; within the first five
 * a wildcard never crosses a colon, so that no pattern reaches another service or account by accident.
 */
export function compileArn(parts: readonly GlobPart[]): ArnGlob {
  if (parts.length === 1 && parts[0]?.kind === 'any') return 'any';
  const fields: GlobPart[][] = [[]];
  for (const part of parts) {
    if (part.kind !== 'text') {
      fields.at(-1)?.push(part);
      continue;
    }
    let rest = part.text;
    while (fields.length < 6 && rest.includes(':')) {
      const colon = rest.indexOf(':');
      fields.at(-1)?.push({ kind: 'text', text: rest.slice(0, colon) });
      fields.push([]);
      rest = rest.slice(colon + 1);
    }
    fields.at(-1)?.push({ kind: 'text', text: rest });
  }
  if (fields.length < 2 || !globMatches(compileGlob(fields[0] ?? []), 'arn')) return 'never';
  while (fields.length < 6) fields.push([{ kind: 'any' }]);
  return fields.map(compileGlob);
}

/** Whether an ARN matches. Text that is no ARN (`*` for an action without a resource) matches only the lone `*`. */
export function arnMatches(glob: ArnGlob, arn: string): boolean {
  if (glob === 'any') return true;
  if (glob === 'never') return false;
  const fields = arnFields(arn);
  return fields !== undefined && glob.every((field, index) => globMatches(field, fields[index] ?? ''));
}
