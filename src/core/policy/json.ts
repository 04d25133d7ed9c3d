// Strict, bounded JSON for hostile policy text. JSON.parse silently keeps the last of two equal keys, so a reviewer
// could read one Effect and the evaluator another: here duplicate keys and deep nesting are refused before parsing.

/** A parsed JSON value. Objects have string keys only; `__proto__` is an ordinary own key, as JSON.parse makes it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What `parseJson` answers. */
export type JsonResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly reason: 'tooLarge' | 'tooDeep' | 'duplicateKey' | 'notJson' };

/** Longest policy text, in UTF-16 units. Ours: the largest AWS member that holds a policy is 131072 characters. */
export const MAX_POLICY_CHARACTERS = 131_072;

/** Deepest nesting. Ours: the policy grammar itself needs six levels. */
const MAX_DEPTH = 12;

const isSpace = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\r' || character === '\t';

/** Index just past the closing quote of the string that opens at `start`, or undefined when it never closes. */
export function endOfString(text: string, start: number): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return undefined;
}

function decoded(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}

/** First structural objection in one pass, or undefined. Judges only brackets and keys; JSON.parse judges the rest. */
function objection(text: string): 'tooDeep' | 'duplicateKey' | 'notJson' | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : undefined) > MAX_DEPTH) return 'tooDeep';
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, i);
      if (end === undefined) return 'notJson';
      let next = end;
      while (isSpace(text[next])) next++;
      const keys = open.at(-1);
      if (text[next] === ':' && keys !== undefined) {
        const key = decoded(text.slice(i, end));
        if (key === undefined) return 'notJson';
        if (keys.has(key)) return 'duplicateKey';
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/**
 * Parses JSON text of at most 131072 characters and twelve levels; a duplicate key is refused. Never throws; linear.
 * Ours: AWS's own limits on depth are not published.
 */
export function parseJson(text: string): JsonResult {
  if (text.length > MAX_POLICY_CHARACTERS) return { ok: false, reason: 'tooLarge' };
  const reason = objection(text);
  if (reason !== undefined) return { ok: false, reason };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, reason: 'notJson' };
  }
}
