// What a caller must be allowed to do, and to which ARN. A resource's ARN holds its path and its name in its own case,
// which only the record knows: a policy that speaks of `role/path/Admin` must hold for whoever writes `admin`.
// AWS doc: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
import type { Access } from '../../contract/operation.ts';
import type { StringShape } from '../../contract/shape.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { iamArn, instanceProfileArn, instanceProfiles, keyOf, type Tag } from './documents.ts';
import { type EntityKind, entities, entityArn, entityOf, findRecord, soughtRecord } from './entities.ts';
import { findOutline } from './managed-policy-records.ts';
import { issuerName, oidcProviderKey, oidcProviders } from './oidc-provider-records.ts';
import { Arn, InstanceProfileName, Path, PathPrefix, PolicyName, PolicyPath } from './shapes.ts';
import { requestTags, resourceTags } from './tags.ts';

type Context = Access['context'];
type More = Omit<Access, 'resource'> & {
  /** The condition key of the entity's permissions boundary, for actions that change its policies. */
  readonly bounded?: boolean;
};

/** Access to an existing user, group or role. `more` adds an action of its own, and condition keys. */
export async function entityAccess(
  call: Call,
  kind: EntityKind,
  name: string | undefined,
  { context, bounded = false, ...more }: More = {},
): Promise<Access> {
  const wanted = lawful(entities[kind].nameShape, name) ?? '*';
  const record = wanted === '*' ? undefined : await soughtRecord(call, kind, wanted);
  const entity = record && entityOf(kind, call.account, record);
  const boundary = bounded ? boundaryKey(entity?.permissionsBoundary ?? undefined) : {};
  return {
    resource: entity?.arn ?? entityArn(call, kind, wanted),
    context: { ...resourceTags(entity?.tags), ...boundary, ...context },
    ...more,
  };
}

/** Access to what a user or a group becomes by another name or path; none where neither is given. */
export async function targetAccess(
  call: Call,
  kind: 'user' | 'group',
  name: string | undefined,
  target: { readonly name: string | undefined; readonly path: string | undefined },
): Promise<readonly Access[]> {
  if (target.name === undefined && target.path === undefined) return [];
  const { nameShape } = entities[kind];
  const wanted = lawful(nameShape, name) ?? '*';
  const record = await call.read((reader) => findRecord(reader, call.account, kind, wanted));
  const before = record && entityOf(kind, call.account, record);
  const newName = target.name === undefined ? (before?.name ?? wanted) : (lawful(nameShape, target.name) ?? '*');
  const newPath = target.path === undefined ? before?.path : lawful(Path, target.path);
  return [{ resource: entityArn(call, kind, newName, newPath), context: resourceTags(before?.tags) }];
}

/** Access to a managed policy. Ours: `*` where the text is no ARN. */
export async function policyAccess(call: Call, policyArn: string | undefined, context: Context = {}): Promise<Access> {
  const arn = lawful(Arn, policyArn);
  if (arn === undefined || parseArn(arn) === undefined) return { resource: '*' };
  const policy = await call.read((reader) => findOutline(reader, call.account, arn));
  return { resource: arn, context: { ...resourceTags(policy?.tags), ...context } };
}

/** Access to what a report of access is about. Ours: `*` where the text is no ARN. */
export function reportedAccess(text: string | undefined): Access {
  const arn = lawful(Arn, text);
  return { resource: arn !== undefined && parseArn(arn) ? arn : '*' };
}

/** Access of listing policies. AWS seen: 2018-05-09, `policy path /`, which is no ARN: only `*` matches it. */
export function listingPolicies(prefix: string | undefined): readonly Access[] {
  return [{ resource: `policy path ${lawful(PolicyPath, prefix) ?? '/'}` }];
}

/** The condition key of attaching and detaching. */
export function policyArnKey(policyArn: string | undefined): Context {
  const arn = lawful(Arn, policyArn);
  return arn === undefined ? {} : { 'iam:PolicyARN': arn };
}

/** The condition key of what bounds, or is to bound, a user or a role. */
export function boundaryKey(policyArn: string | undefined): Context {
  const arn = lawful(Arn, policyArn);
  return arn === undefined ? {} : { 'iam:PermissionsBoundary': arn };
}

/** Access to an existing instance profile, with condition keys of the request. */
export async function instanceProfileAccess(
  call: Call,
  profileName: string | undefined,
  context: Context = {},
): Promise<Access> {
  const name = lawful(InstanceProfileName, profileName) ?? '*';
  const profile =
    name === '*' ? undefined : await call.read((reader) => instanceProfiles.get(reader, keyOf(call.account, name)));
  return {
    resource: profile?.arn ?? instanceProfileArn(call, name),
    context: { ...resourceTags(profile?.tags), ...context },
  };
}

type Creation = {
  readonly name: string | undefined;
  readonly path?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly boundary?: string | undefined;
};

/**
 * Access of a create call: its own action, and `tagging` as well when it brings tags.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html
 */
function creating(resource: string, tagging: string, { tags = [], boundary }: Creation): readonly Access[] {
  const context = { ...requestTags(tags), ...boundaryKey(boundary) };
  const own = { resource, context };
  return tags.length === 0 ? [own] : [own, { ...own, action: tagging }];
}

/** Access of making a user, a group or a role. */
export function creatingEntity(call: Call, kind: EntityKind, made: Creation): readonly Access[] {
  const arn = entityArn(call, kind, lawful(entities[kind].nameShape, made.name) ?? '*', lawful(Path, made.path));
  return creating(arn, kind === 'user' ? 'iam:TagUser' : 'iam:TagRole', made);
}

export function creatingInstanceProfile(call: Call, made: Creation): readonly Access[] {
  const arn = instanceProfileArn(call, lawful(InstanceProfileName, made.name) ?? '*', lawful(Path, made.path));
  return creating(arn, 'iam:TagInstanceProfile', made);
}

export function creatingPolicy(call: Call, made: Creation): readonly Access[] {
  const name = lawful(PolicyName, made.name) ?? '*';
  return creating(iamArn(call, `policy${lawful(PolicyPath, made.path) ?? '/'}${name}`), 'iam:TagPolicy', made);
}

/** Access to an existing OpenID Connect provider. Ours: `*` where the text is no ARN. */
export async function oidcProviderAccess(call: Call, text: string | undefined, context: Context = {}): Promise<Access> {
  const arn = lawful(Arn, text);
  const issuer = arn && parseArn(arn)?.resource.replace(/^oidc-provider\//, '');
  if (arn === undefined || issuer === undefined) return { resource: '*' };
  const provider = await call.read((reader) => oidcProviders.get(reader, oidcProviderKey(call.account, issuer)));
  return { resource: arn, context: { ...resourceTags(provider?.tags), ...context } };
}

export function creatingOidcProvider(
  call: Call,
  url: string | undefined,
  tags: readonly Tag[] | undefined,
): readonly Access[] {
  const issuer = url === undefined ? '*' : issuerName(url.slice(0, 255));
  return creating(iamArn(call, `oidc-provider/${issuer}`), 'iam:TagOpenIDConnectProvider', { name: issuer, tags });
}

/** Access of a list call. AWS seen: `arn:aws:iam::ACCOUNT:role/` and the path prefix, without a name or a star. */
export function listing(
  call: Call,
  kind: EntityKind | 'instance-profile',
  prefix: string | undefined,
): readonly Access[] {
  return [{ resource: iamArn(call, kind + (lawful(PathPrefix, prefix) ?? '/')) }];
}

/** The text when it keeps to the shape: access is asked before the input is validated. */
export function lawful({ max = 0, pattern }: StringShape, text: string | undefined): string | undefined {
  return text !== undefined && text.length <= max && (pattern?.test.test(text) ?? true) ? text : undefined;
}
