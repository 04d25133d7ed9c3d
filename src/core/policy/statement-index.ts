// Which statements of a policy can be about an action at all, by the vendor before its colon: most statements of most
// policies are about other services, and what is not looked at costs nothing.
import type { Glob } from './match.ts';

/** What the index reads of a statement: its patterns of actions in lower case. */
type Indexed = { readonly action: { readonly negated: boolean; readonly globs: readonly Glob[] } };

/** Lists of statements, each in the document's order. */
export type StatementIndex<Statement> = {
  readonly byVendor: ReadonlyMap<string, readonly Statement[]>;
  /** For the vendors that no statement names: those of `*` and of NotAction. */
  readonly others: readonly Statement[];
};

/** Entries in all lists at most, besides one for each action: a policy made to fill an index gets none. */
const ROOM = 100_000;

/** The vendors of the actions, lower case; undefined when the statement may be about any. A wildcard is in no vendor. */
function vendorsOf({ action }: Indexed): readonly string[] | undefined {
  const vendors = action.globs.map(({ lead }) => lead.split(':')[0] ?? '');
  return action.negated || action.globs.some(({ lead }) => !lead.includes(':')) ? undefined : vendors;
}

/** The index of the statements, or undefined where it would outgrow the policy. */
export function indexOf<Statement extends Indexed>(
  statements: readonly Statement[],
): StatementIndex<Statement> | undefined {
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
export function statementsFor<Statement>(
  {
    statements,
    index,
  }: { readonly statements: readonly Statement[]; readonly index?: StatementIndex<Statement> | undefined },
  action: string,
): readonly Statement[] {
  return index === undefined ? statements : (index.byVendor.get(action.slice(0, action.indexOf(':'))) ?? index.others);
}
