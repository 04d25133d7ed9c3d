// What a simulation asks: read from the parameters, checked, and made into requests that policies can judge.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
import type { ValueOf } from '../../contract/shape.ts';
import { accountOf, callerOf } from '../../core/policy/caller.ts';
import { type Context, contextOf, type PolicyRequest, type Principal } from '../../core/policy/request.ts';
import { parseArn } from '../arn.ts';
import { InvalidInput } from './errors.ts';
import type { Question as QuestionShape } from './simulation-shapes.ts';

/** The parameters that both simulations share. */
export type Question = ValueOf<typeof QuestionShape>;

/** The part of every request that the parameters settle. */
export type Frame = {
  /** Absent: nobody in particular, whom identity-based policies alone judge. */
  readonly caller: Principal | undefined;
  /** Owns the resources whose ARNs name no account, twelve digits. */
  readonly owner: string | undefined;
  readonly context: Context;
  readonly multivalued: ReadonlySet<string>;
  /** Lone `*` where none were given. */
  readonly resources: readonly string[];
  readonly actions: readonly string[];
};

/** Reads the parameters. `source`: whose policies are simulated, who is the caller where none is given. InvalidInput. */
export function frameOf(question: Question, source?: string): Frame {
  const { ActionNames: actions, ResourceArns: given = [], CallerArn, ResourceOwner, ResourcePolicy } = question;
  const resources = given.length === 0 ? ['*'] : given;
  checkNames(actions, resources);
  checkScenario(question.ResourceHandlingOption, resources);
  if (ResourcePolicy !== undefined && CallerArn === undefined && !source?.includes(':user/')) {
    throw InvalidInput('CallerArn is required where a ResourcePolicy is given.');
  }
  const named = CallerArn ?? source;
  return {
    caller: named === undefined ? undefined : entityNamed(named),
    owner: ResourceOwner === undefined ? undefined : accountNamed(ResourceOwner),
    ...contextFrom(question.ContextEntries ?? []),
    resources,
    actions,
  };
}

/** AWS seen: 2021-08-05, the sentence about resources. Ours: the one about actions. */
function checkNames(actions: readonly string[], resources: readonly string[]): void {
  const strange = actions.filter((name) => !/^[A-Za-z0-9-]+:[A-Za-z0-9_]+$/.test(name));
  if (strange.length > 0) throw InvalidInput(`ActionNames are not in a valid format: ${listed(strange)}.`);
  const wrong = resources.filter((name) => name !== '*' && parseArn(name) === undefined);
  if (wrong.length > 0) throw InvalidInput(`ResourceNames are not in a valid ARN format: ${listed(wrong)}.`);
}

const listed = (names: readonly string[]): string => names.join(', ').slice(0, 1024);

/**
 * A user, a group or a role. AWS doc: no session, no service, no federated user.
 * AWS seen: 2020-05-14, the sentence, of an assumed role's ARN.
 */
export function entityNamed(arn: string): Principal {
  const [, account, kind] = /^arn:aws[a-z-]*:iam::(\d{12}):(user|group|role)\/(?:[^/]+\/)*[\w+=,.@-]+$/.exec(arn) ?? [];
  if (account === undefined) throw InvalidInput(`Invalid Entity Arn: ${arn}`);
  // A group is named by no policy: it stands for some user of it.
  return callerOf(arn) ?? { kind: kind === 'role' ? 'role' : 'user', arn, account };
}

/** AWS seen: 2017-12-21, the sentence, of an account's id. AWS doc: the ARN `arn:aws:iam::ACCOUNT:root`. */
function accountNamed(owner: string): string {
  const [, account] = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(owner) ?? [];
  if (account === undefined) throw InvalidInput(`'${owner}' is not a valid as a Resource Owner.`);
  return account;
}

/** Ours: a key that is given twice is refused, so that no two readers differ on its values. */
function contextFrom(entries: NonNullable<Question['ContextEntries']>): Pick<Frame, 'context' | 'multivalued'> {
  const names = entries.map(({ ContextKeyName: name }) => name ?? '');
  const repeated = names.find((name, at) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) < at);
  if (names.includes('')) throw InvalidInput('A context entry must have a ContextKeyName.');
  if (repeated !== undefined) throw InvalidInput(`The context key ${repeated} is given more than once.`);
  const lists = entries.filter(({ ContextKeyType: type }) => type?.endsWith('List'));
  return {
    context: contextOf(
      Object.fromEntries(entries.map(({ ContextKeyName: name = '', ContextKeyValues: values = [] }) => [name, values])),
    ),
    multivalued: new Set(lists.map(({ ContextKeyName: name = '' }) => name.toLowerCase())),
  };
}

const instance: readonly string[] = ['instance', 'image', 'security-group', 'network-interface'];
/** The kinds of resources that each scenario of Amazon EC2 needs. */
const scenarios: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC2-VPC-InstanceStore', instance],
  ['EC2-VPC-InstanceStore-Subnet', [...instance, 'subnet']],
  ['EC2-VPC-EBS', [...instance, 'volume']],
  ['EC2-VPC-EBS-Subnet', [...instance, 'subnet', 'volume']],
]);

/** AWS doc: the resources of a scenario must be there. Ours: the sentences. */
function checkScenario(option: string | undefined, resources: readonly string[]): void {
  if (option === undefined) return;
  const needed = scenarios.get(option);
  if (needed === undefined) throw InvalidInput(`${option} is not a valid ResourceHandlingOption.`);
  const missing = needed.filter(
    (kind) => !resources.some((arn) => new RegExp(`^arn:[^:]*:ec2:[^:]*:[^:]*:${kind}/`).test(arn)),
  );
  if (missing.length > 0) throw InvalidInput(`${option} needs resources of the types: ${missing.join(', ')}.`);
}

/**
 * The request for one action on one resource.
 * AWS doc: the owner is the account in the resource's ARN, then ResourceOwner, then the caller's account. Ours: without a
 * policy of the resource, identity-based policies decide alone, as nothing is known of the other side.
 */
export function requestOf(frame: Frame, action: string, resource: string, guarded: boolean): PolicyRequest {
  const { caller, owner, context, multivalued } = frame;
  const resourceAccount = guarded ? (accountOf(resource) ?? owner ?? caller?.account) : undefined;
  return {
    principal: caller ?? { kind: 'user' },
    action,
    resource,
    context,
    multivalued,
    ...(resourceAccount !== undefined && { resourceAccount }),
  };
}
