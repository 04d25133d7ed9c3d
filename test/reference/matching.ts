// The reference evaluator's text: variables, wildcards and ARNs, each by the plainest loop that the documentation allows.
// AWS doc: reference_policies_variables.html, reference_policies_elements_resource.html
import type { PlainRequest } from './documents.ts';

/** A pattern is a row of these: a character that stands for itself, `*` or `?`. */
export type Token = { readonly literal: string } | 'star' | 'question';

/** The values of a key, whatever the case of its name. */
export function valuesOf({ context }: PlainRequest, key: string): readonly string[] {
  for (const [name, values] of Object.entries(context)) {
    if (name.toLowerCase() === key.toLowerCase()) return values;
  }
  return [];
}

export function isList({ multivalued }: PlainRequest, key: string): boolean {
  for (const name of multivalued) if (name.toLowerCase() === key.toLowerCase()) return true;
  return false;
}

/** What `${inside}` stands for; undefined when it has no value. Lists have none. */
function variableValue(inside: string, request: PlainRequest): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside;
  let key = inside;
  let fallback: string | undefined;
  if (inside.includes(',')) {
    key = inside.slice(0, inside.indexOf(','));
    const rest = inside.slice(inside.indexOf(',') + 1).trim();
    if (rest.length > 1 && rest[0] === "'" && rest[rest.length - 1] === "'") fallback = rest.slice(1, rest.length - 1);
  }
  const values = valuesOf(request, key.trim());
  if (values.length === 1 && !isList(request, key.trim())) return values[0];
  return fallback;
}

/** The tokens of policy text, or undefined when a variable in it has no value. */
export function tokensOf(
  text: string,
  variables: boolean,
  wildcards: boolean,
  request: PlainRequest,
): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const close = text.indexOf('}', at);
    if (variables && text[at] === '$' && text[at + 1] === '{' && close > at) {
      const value = variableValue(text.slice(at + 2, close), request);
      if (value === undefined) return undefined;
      for (let i = 0; i < value.length; i++) tokens.push({ literal: value.charAt(i) });
      at = close + 1;
      continue;
    }
    const character = text.charAt(at);
    if (wildcards && character === '*') tokens.push('star');
    else if (wildcards && character === '?') tokens.push('question');
    else tokens.push({ literal: character });
    at++;
  }
  return tokens;
}

/** Whether the tokens match the whole text: each star is tried with nothing, then with one more character. */
export function matches(tokens: readonly Token[], text: string): boolean {
  const [first, ...others] = tokens;
  if (first === undefined) return text === '';
  if (first === 'star') {
    for (let taken = 0; taken <= text.length; taken++) if (matches(others, text.slice(taken))) return true;
    return false;
  }
  if (text === '') return false;
  return (first === 'question' || first.literal === text[0]) && matches(others, text.slice(1));
}

/** The tokens between the first five colons, and after them. */
function segmentsOf(tokens: readonly Token[]): Token[][] {
  const segments: Token[][] = [[]];
  for (const token of tokens) {
    if (typeof token === 'object' && token.literal === ':' && segments.length < 6) segments.push([]);
    else segments[segments.length - 1]?.push(token);
  }
  return segments;
}

function segmentsMatch(segments: readonly (readonly Token[])[], pieces: readonly string[], crossing: boolean): boolean {
  const [segment, ...others] = segments;
  if (segment === undefined) return false;
  if (others.length === 0) return pieces.length > 0 && matches(segment, pieces.join(':'));
  const [piece, ...rest] = pieces;
  if (piece === undefined || !matches(segment, piece)) return false;
  if (segmentsMatch(others, rest, crossing)) return true;
  if (!crossing || segment[segment.length - 1] !== 'star') return false;
  for (let skipped = 1; skipped < rest.length; skipped++) {
    if (segmentsMatch(others, rest.slice(skipped), crossing)) return true;
  }
  return false;
}

/** Whether an ARN matches; missing segments are stars. `crossing`: a star that ends a segment goes on past colons. */
export function arnMatches(tokens: readonly Token[] | undefined, arn: string, crossing: boolean): boolean {
  if (tokens === undefined) return false;
  if (tokens.length === 1 && tokens[0] === 'star') return true;
  const segments = segmentsOf(tokens);
  if (segments.length < 2 || arn.split(':').length < 6) return false;
  while (segments.length < 6) segments.push(['star']);
  return matches(segments[0] ?? [], 'arn') && segmentsMatch(segments, arn.split(':'), crossing);
}
