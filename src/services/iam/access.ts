// What a caller must be allowed to do, and to which ARN. A resource's ARN holds its path and its name in its own case,
// which only the record knows: a policy that speaks of `role/path/Admin` must hold for whoever writes `admin`.
import type { Access } from '../../contract/operation.ts';
import type { StringShape } from '../../contract/shape.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { findRole, iamArn, instanceProfileArn, instanceProfiles, keyOf, roleArn, type Tag } from './records.ts';
import { Arn, InstanceProfileName, Path, PathPrefix, PolicyPath, RoleName } from './shapes.ts';
import { requestTags, resourceTags } from './tags.ts';

/** Access to an existing role. `more` adds an action of its own, and condition keys. */
export async function roleAccess(
  call: Call,
  roleName: string | undefined,
  { context, ...more }: Omit<Access, 'resource'> = {},
): Promise<Access> {
  const name = lawful(RoleName, roleName) ?? '*';
  const role = name === '*' ? undefined : await call.read((reader) => findRole(reader, call.account, name));
  return {
    resource: role?.arn ?? roleArn(call, name),
    context: { ...resourceTags(role?.tags), ...context },
    ...more,
  };
}

/** Access to a managed policy. Ours: `*` where the text is no ARN. */
export function policyAccess(policyArn: string | undefined): Access {
  const arn = lawful(Arn, policyArn);
  return { resource: arn !== undefined && parseArn(arn) ? arn : '*' };
}

/** Access of listing policies. AWS seen: 2018-05-09, `policy path /`, which is no ARN: only `*` matches it. */
export function listingPolicies(prefix: string | undefined): readonly Access[] {
  return [{ resource: `policy path ${lawful(PolicyPath, prefix) ?? '/'}` }];
}

/** The condition key of attaching and detaching. */
export function policyArnKey(policyArn: string | undefined): Access['context'] {
  const arn = lawful(Arn, policyArn);
  return arn === undefined ? {} : { 'iam:PolicyARN': arn };
}

/** Access to an existing instance profile, with condition keys of the request. */
export async function instanceProfileAccess(
  call: Call,
  profileName: string | undefined,
  context: Access['context'] = {},
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
  readonly path: string | undefined;
  readonly tags?: readonly Tag[];
};

/**
 * Access of a create call: its own action, and `tagging` as well when it brings tags.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html
 */
function creating(resource: string, tagging: string, tags: readonly Tag[] = []): readonly Access[] {
  const context = requestTags(tags);
  return tags.length === 0
    ? [{ resource }]
    : [
        { resource, context },
        { resource, context, action: tagging },
      ];
}

export function creatingRole(call: Call, { name, path, tags }: Creation): readonly Access[] {
  const arn = roleArn(call, lawful(RoleName, name) ?? '*', lawful(Path, path));
  return creating(arn, 'iam:TagRole', tags);
}

export function creatingInstanceProfile(call: Call, { name, path, tags }: Creation): readonly Access[] {
  const arn = instanceProfileArn(call, lawful(InstanceProfileName, name) ?? '*', lawful(Path, path));
  return creating(arn, 'iam:TagInstanceProfile', tags);
}

/** Access of a list call. AWS seen: `arn:aws:iam::ACCOUNT:role/` and the path prefix, without a name or a star. */
export function listing(call: Call, kind: 'role' | 'instance-profile', prefix: string | undefined): readonly Access[] {
  return [{ resource: iamArn(call, kind + (lawful(PathPrefix, prefix) ?? '/')) }];
}

/** The text when it keeps to the shape: access is asked before the input is validated. */
function lawful({ max = 0, pattern }: StringShape, text: string | undefined): string | undefined {
  return text !== undefined && text.length <= max && (pattern?.test.test(text) ?? true) ? text : undefined;
}
