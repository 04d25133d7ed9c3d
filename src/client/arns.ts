// The three ARNs of a session, checked before anything is sent: the server's sentence about a wrong one comes late and tells
// no cause.
import { failure } from './errors.ts';
import type { SessionOptions } from './options.ts';

/** Where the trust anchor lives. */
export type Home = { readonly partition: string; readonly region: string };

const anchor = /^arn:(aws[a-z-]*):rolesanywhere:([a-z0-9-]+):\d{12}:trust-anchor\/[\w-]+$/;
const profile = /^arn:aws[a-z-]*:rolesanywhere:([a-z0-9-]+):\d{12}:profile\/[\w-]+$/;
const role = /^arn:aws[a-z-]*:iam::(\d{12}):role\/[\x21-\x7e]+$/;

/** The trust anchor's partition and Region. Throws RolesAnywhereError: `InvalidOptions`, `RegionMismatch`. */
export function homeOf({ trustAnchorArn, profileArn, roleArn }: SessionOptions): Home {
  const [, partition = '', region = ''] = match('trustAnchorArn', trustAnchorArn, anchor, 'trust-anchor/…');
  const [, regionOfProfile] = match('profileArn', profileArn, profile, 'profile/…');
  match('roleArn', roleArn, role, 'role/…');
  if (region === regionOfProfile) return { partition, region };
  throw failure('RegionMismatch', `the trust anchor is in ${region} and the profile in ${regionOfProfile}`, {
    hint: 'both must be in the same Region',
  });
}

/** The account of a role's ARN. */
export function accountOf(roleArn: string): string | undefined {
  return role.exec(roleArn)?.[1];
}

function match(name: string, arn: unknown, pattern: RegExp, example: string): RegExpExecArray {
  const found = typeof arn === 'string' ? pattern.exec(arn) : null;
  if (found) return found;
  const given = typeof arn === 'string' ? `\`${arn.slice(0, 200)}\`` : 'absent';
  throw failure('InvalidOptions', `${name} is ${given}, expected an ARN that ends in \`${example}\``);
}
