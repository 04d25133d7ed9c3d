// Which statements of a policy can be about an action at all, by the vendor before its colon: most statements of most
// policies are about other services, and what is not looked at costs nothing.
import type { Statement } from './document.ts';

/** Lists of statements, each in the document's order. */
export type StatementIndex = {
  readonly byVendor: ReadonlyMap<string, readonly Statement[]>;
  /** For the vendors that no statement names: those of `*` and of NotAction. */
  readonly others: readonly Statement[];
};

/** Entries in all lists at most, besides one for each action: a policy made to fill an index gets none. */
const ROOM = 100_000;

/** The vendors of the actions, lower case; undefined when the statement may be about any. A wildcard is in no vendor. */
function vendorsOf({ action }: Statement): readonly string[] | undefined {
  const vendors = action.globs.map(({ lead }) => lead.split(':')[0] ?? '');
  return action.negated || action.globs.some(({ lead }) => !lead.includes(':')) ? undefined : vendors;
}

/** The index of the statements, or undefined where it would outgrow the policy. */
export function indexOf(statements: readonly Statement[]): StatementIndex | undefined {
  const rows = statements.map((statement) => ({ statement, vendors: vendorsOf(statement) }));
  const others = rows.filter(({ vendors }) => vendors === undefined).map(({ statement }) => statement);
  const known = new Set(rows.flatMap(({ vendors }) => vendors ?? []));
  if (known.size * others.length > ROOM) return undefined;
  const byVendor = new Map([...known].map((vendor): [string, Statement[]] => [vendor, []]));
  for (const { statement, vendors } of rows) {
    for (const vendor of vendors === undefined ? known : new Set(vendors)) byVendor.get(vendor)?.push(statement);
  }
  return { byVendor, others };
}

/** The statements that may be about an action in lower case, in the document's order. */
export function statementsFor(
  { statements, index }: { readonly statements: readonly Statement[]; readonly index?: StatementIndex | undefined },
  action: string,
): readonly Statement[] {
  return index === undefined ? statements : (index.byVendor.get(action.slice(0, action.indexOf(':'))) ?? index.others);
}
