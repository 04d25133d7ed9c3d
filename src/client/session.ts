// A session as CreateSession answers it, read member by member: what is missing or of another form is an error that names it,
// never a credential that is undefined.
import { isRecord, jsonOf } from './answers.ts';
import { accountOf } from './arns.ts';
import { failure } from './errors.ts';
import type { Answer } from './http.ts';

/** Credentials and what the server told of their session. */
export type Session = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  /** The expiration as the server wrote it. */
  readonly expirationText: string;
  readonly roleArn: string;
  /** Of the role. */
  readonly accountId: string;
  readonly region: string;
  readonly assumedRoleArn?: string;
  readonly assumedRoleId?: string;
  readonly sourceIdentity?: string;
  readonly subjectArn?: string;
  /** Percent. */
  readonly packedPolicySize?: number;
};

/** What was asked, where the answer may leave it out. */
export type AskedFor = { readonly roleArn: string; readonly region: string };

type Members = Readonly<Record<string, unknown>>;

/** Spec: RFC 3339 §5.6, in UTC; AWS writes whole seconds. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)$/;

/** The session of a successful answer. Throws RolesAnywhereError: `UnusableAnswer`. */
export function sessionOf({ text, status, header }: Answer, { roleArn, region }: AskedFor): Session {
  const requestId = header('x-amzn-requestid');
  const unusable = (what: string) => failure('UnusableAnswer', `CreateSession's answer ${what}`, { status, requestId });
  const body = jsonOf(text);
  if (!isRecord(body)) throw unusable('is no JSON object');
  const set: unknown = body.credentialSet;
  const [first]: readonly unknown[] = Array.isArray(set) ? set : [];
  if (!isRecord(first)) throw unusable('has no credentialSet');
  const { credentials } = first;
  if (!isRecord(credentials)) throw unusable('has no credentials');
  const required = (name: string, pattern: RegExp) => {
    const value = credentials[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    // What it holds instead may be a secret.
    throw unusable(value === undefined ? `lacks credentials.${name}` : `has a credentials.${name} of another form`);
  };
  const expirationText = required('expiration', instant);
  const expiration = new Date(expirationText);
  if (Number.isNaN(expiration.getTime())) throw unusable('has a credentials.expiration of another form');
  return {
    accessKeyId: required('accessKeyId', /^\w{16,128}$/),
    secretAccessKey: required('secretAccessKey', /^[\x21-\x7e]{1,256}$/),
    sessionToken: required('sessionToken', /^[\x21-\x7e]{1,65536}$/),
    expiration,
    expirationText,
    roleArn,
    accountId: accountOf(roleArn) ?? '',
    region,
    ...told(body, first),
  };
}

/** Members that no program needs to run: what is not of the expected form is left out. */
function told(body: Members, first: Members): Partial<Session> {
  const user = isRecord(first.assumedRoleUser) ? first.assumedRoleUser : {};
  const text = (name: keyof Session, value: unknown) => (typeof value === 'string' ? { [name]: value } : {});
  return {
    ...text('assumedRoleArn', user.arn),
    ...text('assumedRoleId', user.assumedRoleId),
    ...text('sourceIdentity', first.sourceIdentity),
    ...text('subjectArn', body.subjectArn),
    ...(typeof first.packedPolicySize === 'number' ? { packedPolicySize: first.packedPolicySize } : {}),
  };
}
