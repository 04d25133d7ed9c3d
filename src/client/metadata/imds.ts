// The instance metadata service as EC2 answers it, version 2 alone: a token first, then the documents. Everything that is
// served stands in one tree, and its listings are read off the tree.
// AWS doc: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
import { type Answer, type Asked, header, seconds } from './answer.ts';
import type { InstanceProfileName, Role, RoleState } from './role-state.ts';
import { type Tokens, tokenTtlBounds } from './tokens.ts';

/** What stays the same while the server runs. */
export type Instance = {
  /** `eu-central-1`. */
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  /** `i-` and 17 lower-case hexadecimal digits. */
  readonly instanceId: string;
  /** `x86_64`, `arm64`. */
  readonly architecture: string;
};

export type Imds = {
  readonly tokens: Tokens;
  readonly instance: Instance;
  readonly role: () => Promise<RoleState>;
};

/** A document: its text, or the status of having none for the moment. */
type Item = { readonly body: string; readonly lastModified?: Date } | { readonly status: 503 };
type Directory = ReadonlyMap<string, Item | Directory>;

const tokenPath = '/latest/api/token';
const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds';
const tokenHeader = 'x-aws-ec2-metadata-token';

/**
 * Answers one request.
 * AWS seen: 403 and 405 without a body, the latter with `Allow: OPTIONS, PUT` and the words `Not Allowed`; pages of XHTML
 * for 400, 401 and 404. https://github.com/aws-beam/aws_credentials/issues/47,
 * https://github.com/googleapis/google-auth-library-ruby/pull/421, https://github.com/awslabs/amazon-eks-ami/issues/594
 */
export async function answerImds(imds: Imds, asked: Asked): Promise<Answer> {
  if (asked.method === 'PUT') return issueToken(imds, asked);
  if (asked.path === tokenPath) return notAllowed('OPTIONS, PUT');
  // Ours: nothing but reading is known of the other paths.
  if (asked.method !== 'GET' && asked.method !== 'HEAD') return notAllowed('GET, HEAD');
  const left = imds.tokens.secondsLeft(header(asked, tokenHeader) ?? '');
  if (left === undefined) return page(401, 'Unauthorized');
  const found = lookUp(rootOf(imds.instance, await imds.role()), asked.path);
  const answer = found === undefined ? page(404, 'Not Found') : shown(found);
  return { ...answer, headers: { ...answer.headers, [ttlHeader]: String(left) } };
}

/** AWS doc: a request that came over a proxy gets no token, nor does any path but the one without a version. */
function issueToken({ tokens }: Imds, asked: Asked): Answer {
  if (asked.path !== tokenPath || asked.headers['x-forwarded-for'] !== undefined) return bare(403, {});
  const ttl = header(asked, ttlHeader) ?? '';
  const ttlSeconds = /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
  if (ttlSeconds < tokenTtlBounds.min || ttlSeconds > tokenTtlBounds.max) return page(400, 'Bad Request');
  return text(tokens.issue(ttlSeconds), { [ttlHeader]: String(ttlSeconds) });
}

/** The tree. Of an availability zone, an AMI or a network nothing is known outside AWS: those paths are not there. */
function rootOf(instance: Instance, state: RoleState): Directory {
  return directory({
    latest: directory({
      dynamic: directory({ 'instance-identity': directory({ document: identityDocument(instance) }) }),
      'meta-data': directory({
        ...iam(state),
        'instance-id': { body: instance.instanceId },
        placement: directory({ region: { body: instance.region } }),
      }),
    }),
  });
}

function directory(entries: Readonly<Record<string, Item | Directory>>): Directory {
  return new Map(Object.entries(entries));
}

/** `info` is the instance profile's; where no profile is spoken of, there is none. */
function iam(state: RoleState): Readonly<Record<string, Directory>> {
  const credentials = securityCredentials(state);
  const info = profileInfo(state);
  return {
    iam: directory({
      ...(info && { info }),
      ...(credentials && { 'security-credentials': directory(credentials) }),
    }),
  };
}

function securityCredentials(state: RoleState): Readonly<Record<string, Item>> | undefined {
  switch (state.kind) {
    case 'granted':
      return { [state.role.name]: grantedItem(state) };
    case 'unauthorized':
      return { [state.role.name]: unauthorizedItem(state.role, state.lastUpdated) };
    case 'unavailable':
      return state.role && { [state.role.name]: { status: 503 } };
    case 'withoutRole':
    case 'profileNotFound':
      return undefined;
  }
}

function grantedItem({ credentials, lastUpdated }: Extract<RoleState, { kind: 'granted' }>): Item {
  return document(lastUpdated, {
    Code: 'Success',
    LastUpdated: seconds(lastUpdated),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: seconds(credentials.expiration),
  });
}

/** AWS seen: https://github.com/aws/aws-cli/issues/2060; the status is 200. */
function unauthorizedItem({ name }: Role, lastUpdated: Date): Item {
  return document(lastUpdated, {
    Code: 'AssumeRoleUnauthorizedAccess',
    Message: `EC2 cannot assume the role ${name}.`,
    LastUpdated: seconds(lastUpdated),
  });
}

/** AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html */
function profileInfo(state: RoleState): Item | undefined {
  const { lastUpdated } = state;
  switch (state.kind) {
    case 'profileNotFound':
      return document(lastUpdated, {
        Code: 'InstanceProfileNotFound',
        Message: `Instance Profile with Id ${state.profileId} cannot be found.`,
        LastUpdated: seconds(lastUpdated),
      });
    case 'withoutRole':
      return document(lastUpdated, {
        Code: 'Success',
        Message: 'Instance Profile does not contain a role.',
        ...profileMembers(state.profile, lastUpdated),
      });
    case 'granted':
    case 'unauthorized':
    case 'unavailable': {
      const { profile } = state;
      return profile && document(lastUpdated, { Code: 'Success', ...profileMembers(profile, lastUpdated) });
    }
  }
}

function profileMembers({ arn, id }: InstanceProfileName, lastUpdated: Date) {
  return { LastUpdated: seconds(lastUpdated), InstanceProfileArn: arn, InstanceProfileId: id };
}

/** As little as says where this is; not signed, since nobody outside EC2 can. */
function identityDocument({ accountId, architecture, instanceId, region }: Instance): Item {
  const version = '2017-09-30';
  return { body: ec2Json({ accountId, architecture, instanceId, region, version }) };
}

function document(lastModified: Date, members: Readonly<Record<string, string>>): Item {
  return { body: ec2Json(members), lastModified };
}

/** EC2's way to write an object: a member a line, a space on both sides of the colon. */
function ec2Json(members: Readonly<Record<string, string>>): string {
  const lines = Object.entries(members).map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

/** What stands at the path, letter by letter: a slash at the end is allowed, one too many elsewhere is not. */
function lookUp(root: Directory, path: string): Item | string | undefined {
  if (!path.startsWith('/')) return undefined;
  const names = path.replace(/\/$/, '').split('/').slice(1);
  let at: Item | Directory | undefined = root;
  for (const name of names) at = isDirectory(at) ? at.get(decoded(name)) : undefined;
  return isDirectory(at) ? listing(at, names.length) : at;
}

function isDirectory(found: Item | Directory | undefined): found is Directory {
  return found instanceof Map;
}

/** Role names hold `=`, `,`, `@` and `+`, which some clients encode. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** AWS seen: the versions and what stands below one are listed without slashes, everything deeper with them. */
function listing(entries: Directory, depth: number): string {
  const slash = depth >= 2 ? '/' : '';
  return [...entries].map(([name, entry]) => (isDirectory(entry) ? name + slash : name)).join('\n');
}

function shown(found: Item | string): Answer {
  if (typeof found === 'string') return text(found);
  if ('status' in found) return page(found.status, 'Service Unavailable');
  const { body, lastModified } = found;
  return text(body, lastModified && { 'last-modified': lastModified.toUTCString() });
}

function text(body: string, headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain', 'accept-ranges': 'none', ...headers }, body };
}

function notAllowed(allow: string): Answer {
  return { ...bare(405, { allow }), reason: 'Not Allowed' };
}

function bare(status: number, headers: Answer['headers']): Answer {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body: '' };
}

/** An error as a small page whose title is `401 - Unauthorized`. */
function page(status: number, reason: string): Answer {
  const title = `${status} - ${reason}`;
  const body = `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${title}</title>
 </head>
 <body>
  <h1>${title}</h1>
 </body>
</html>
`;
  return { status, reason, headers: { 'content-type': 'text/html' }, body };
}
