// Which services a policy may allow something of: what reports of access ask, before any request is known.
import type { Policy, Statement } from './document.ts';
import { globMatches } from './match.ts';

/**
 * Whether a statement of the policy allows an action of the service, its prefix in lower case: for some resource, under some
 * conditions. What other statements deny is not looked at.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
 */
export function grantsSomeOf({ statements }: Policy, service: string): boolean {
  return statements.some((statement) => statement.effect === 'Allow' && isAbout(statement, service));
}

function isAbout({ action: { negated, globs } }: Statement, service: string): boolean {
  // An action that nobody could name: what matches it matches every action of the service.
  if (negated) return !globs.some((glob) => globMatches(glob, `${service}:\0`));
  // A wildcard is in no service's prefix, but for `*` alone.
  return globs.some(({ lead }) => !lead.includes(':') || lead.startsWith(`${service}:`));
}
