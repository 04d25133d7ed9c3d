// Where each statement stands in the text of a policy, as simulations report it.
import { endOfString } from './json.ts';

/** Lines count from 1; the column is the index in the line, from 0, plus 2. */
export type Position = { readonly line: number; readonly column: number };

/** From the `{` of a statement to its `}`. */
export type StatementPosition = { readonly start: Position; readonly end: Position };

/** The positions of indexes that ascend, in one pass over the text. */
function positionsAt(text: string, indexes: readonly number[]): Position[] {
  let line = 1;
  let start = 0;
  let end = text.indexOf('\n');
  return indexes.map((index) => {
    while (end >= 0 && end < index) {
      line++;
      start = end + 1;
      end = text.indexOf('\n', start);
    }
    return { line, column: index - start + 2 };
  });
}

/** The indexes of the first and last characters of each object that `Statement` holds, at the top of the document. */
function extents(text: string): [number, number][] {
  const found: [number, number][] = [];
  let depth = 0;
  let within = false;
  let opened: { readonly at: number; readonly depth: number } | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at) ?? text.length;
      const isKey = depth === 1 && /^\s*:/.test(text.slice(end));
      if (isKey) within = JSON.parse(text.slice(at, end)) === 'Statement';
      at = end - 1;
    } else if (character === '{' || character === '[') {
      if (character === '{' && within && opened === undefined) opened = { at, depth };
      depth++;
    } else if (character === '}' || character === ']') {
      depth--;
      if (opened?.depth !== depth) continue;
      found.push([opened.at, at]);
      opened = undefined;
    }
  }
  return found;
}

/**
 * The positions of the statements of a policy, in their order: the nth belongs to the statement of index n. The text must
 * be one that `parsePolicy` accepts.
 * AWS seen: 2025-04-21, SimulatePrincipalPolicy of `{"Version": "2012-10-17", "Statement": {…}}`: line 1, columns 41 to
 * 113, each two more than the index of the brace.
 */
export function statementPositions(text: string): StatementPosition[] {
  const found = extents(text);
  const starts = positionsAt(
    text,
    found.map(([start]) => start),
  );
  const ends = positionsAt(
    text,
    found.map(([, end]) => end),
  );
  return starts.flatMap((start, index) => {
    const end = ends[index];
    return end === undefined ? [] : [{ start, end }];
  });
}
