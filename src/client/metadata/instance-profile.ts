// The role of an IAM instance profile, for a host that has only a certificate. A first session, of a role that may read the
// profile, asks IAM which role the profile holds now; credentials are then made for that role. What EC2 demands holds here:
// the profile is the one that was there at the start, it holds a role, and the role trusts EC2.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
import { parsePolicy } from '../../core/policy/document.ts';
import { evaluateTrust } from '../../core/policy/evaluate.ts';
import { contextOf } from '../../core/policy/request.ts';
import { xmlText } from '../send.ts';
import { type Credentials, type InstanceProfileName, type Role, type RoleState, roleOf } from './role-state.ts';

/** What IAM says of an instance profile. */
export type InstanceProfile = InstanceProfileName & {
  readonly role?: Role & { readonly trustPolicy: string };
};

/** How a profile is asked for, by its name or by the ARN that holds it. */
export type ProfileChoice = {
  readonly name: string;
  /** Absent: any profile of the name, in the account of the session. */
  readonly arn?: string;
};

export type ProfileWorld = {
  /** The role of the first session. */
  readonly lookupRole: Role;
  readonly createSession: (roleArn: string) => Promise<Credentials>;
  /** Undefined: IAM knows no profile of the name. */
  readonly getInstanceProfile: (name: string, credentials: Credentials) => Promise<InstanceProfile | undefined>;
  readonly now: () => Date;
};

/** The name in an ARN of an instance profile, or the name itself; undefined where the text is neither. */
export function profileChoice(text: string): ProfileChoice | undefined {
  const [, name] = /^arn:[^:]+:iam::\d{12}:instance-profile\/(?:[!-~]+\/)?([\w+=,.@-]{1,128})$/.exec(text) ?? [];
  if (name !== undefined) return { name, arn: text };
  return /^[\w+=,.@-]{1,128}$/.test(text) ? { name: text } : undefined;
}

/**
 * Loads the state of a profile's role. The id is pinned at the first answer: a profile that was deleted and made anew under
 * its name is another one, as on EC2. Rejects where a session or IAM's answer cannot be had.
 */
export function profileLoader(choice: ProfileChoice, world: ProfileWorld): () => Promise<RoleState> {
  let pinned: InstanceProfileName | undefined;
  return async () => {
    const lookup = await world.createSession(world.lookupRole.arn);
    const found = await world.getInstanceProfile(choice.name, lookup);
    pinned ??= found;
    const lastUpdated = world.now();
    if (found === undefined || found.id !== pinned?.id || (choice.arn !== undefined && choice.arn !== found.arn))
      return { kind: 'profileNotFound', profileId: pinned?.id ?? choice.name, lastUpdated };
    const { role } = found;
    const profile = { arn: found.arn, id: found.id };
    if (role === undefined) return { kind: 'withoutRole', profile, lastUpdated };
    const { arn, name } = role;
    if (!trustsEc2(role)) return { kind: 'unauthorized', role: { arn, name }, profile, lastUpdated };
    const credentials = arn === world.lookupRole.arn ? lookup : await world.createSession(arn);
    return { kind: 'granted', role: { arn, name }, profile, credentials, lastUpdated };
  };
}

/** Whether the role lets EC2 assume it. AWS doc: the principal is `ec2.amazonaws.com`, in China also `ec2.amazonaws.com.cn`. */
export function trustsEc2({ arn, trustPolicy }: { readonly arn: string; readonly trustPolicy: string }): boolean {
  const [, partition, , , account = ''] = arn.split(':');
  const policy = parsePolicy(trustPolicy, 'trust');
  if (!policy.ok) return false;
  const services = ['ec2.amazonaws.com', ...(partition === 'aws-cn' ? ['ec2.amazonaws.com.cn'] : [])];
  return services.some((service) => {
    const context = contextOf({ 'aws:PrincipalIsAWSService': 'true', 'aws:SourceAccount': account });
    const request = { action: 'sts:AssumeRole', resource: arn, resourceAccount: account, context };
    const trust = { name: 'trust policy', policy: policy.policy };
    return evaluateTrust(trust, { principal: { kind: 'service', service }, ...request }).decision === 'allowed';
  });
}

/** Reads the answer of GetInstanceProfile. Undefined where it is not one. */
export function readInstanceProfile(xml: string): InstanceProfile | undefined {
  const [, roles = ''] = /<Roles>([\s\S]*?)<\/Roles>/.exec(xml) ?? [];
  const own = xml.replace(/<Roles>[\s\S]*?<\/Roles>/, '');
  const arn = unescaped(xmlText(own, 'Arn'));
  const id = xmlText(own, 'InstanceProfileId');
  if (arn === '' || id === undefined) return undefined;
  const role = roleOf(unescaped(xmlText(roles, 'Arn')));
  if (role === undefined) return { arn, id };
  return { arn, id, role: { ...role, trustPolicy: decoded(xmlText(roles, 'AssumeRolePolicyDocument') ?? '') } };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Paths may hold what XML escapes. */
function unescaped(text = ''): string {
  return text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}

/** IAM writes policies percent-encoded. What is not is no policy that it wrote. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
