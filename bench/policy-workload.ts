// What the policy benchmark decides on: ten policies of ten statements with conditions, in IAM's language and, with the
// same meaning, in Cedar's, and the requests for both. Both parse their policies before the clock starts.
import {
  preparsePolicySet,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { parsePolicy } from '../src/core/policy/document.ts';
import { evaluate, type NamedPolicy } from '../src/core/policy/evaluate.ts';
import { contextOf, type PolicyRequest } from '../src/core/policy/request.ts';

/** Answers the request of a number: whether it is allowed. */
export type Decider = (request: number) => boolean;

/** One language's side of the workload. */
export type Contender = { readonly name: string; readonly decide: Decider };

export type Workload = {
  readonly anyrole: Contender;
  readonly cedar: Contender;
  /** Requests are numbered from 0. */
  readonly requests: number;
};

const services = ['glue', 'ec2', 'dynamodb', 'sqs', 'sns', 'lambda', 'kms', 'logs', 'ssm', 'ecr'];
const perPolicy = 10;
const user = 'arn:aws:iam::123456789012:user/alice';
const policySet = 'ten policies of ten statements';

/** A statement in neither language: the last of each policy denies what the first one allows, from outside. */
type Rule = {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** Everything below. */
  readonly resource: string;
  readonly team: string;
  readonly block: string;
  /** An address of the block. */
  readonly inside: string;
};

function rulesOf(service: string): Rule[] {
  return Array.from({ length: perPolicy }, (_, at) => {
    const last = at === perPolicy - 1;
    const place = last ? 0 : at;
    return {
      effect: last ? 'Deny' : 'Allow',
      actions: ['Get', 'Put', 'List'].map((verb) => `${service}:${verb}Thing${place}`),
      resource: `arn:aws:${service}:eu-west-1:123456789012:thing${place}/`,
      team: `team-${place}`,
      block: last ? '10.9.0.0/16' : '10.0.0.0/8',
      inside: last ? '10.9.1.7' : '10.1.1.7',
    };
  });
}

function iamPolicy(service: string): NamedPolicy {
  const Statement = rulesOf(service).map(({ effect, actions, resource, team, block }) => ({
    Effect: effect,
    Action: actions,
    Resource: `${resource}*`,
    Condition: { StringEquals: { 'aws:PrincipalTag/team': team }, IpAddress: { 'aws:SourceIp': block } },
  }));
  const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity');
  if (!parsed.ok) throw new Error(parsed.message);
  return { name: service, policy: parsed.policy };
}

function cedarPolicies(service: string): string {
  return rulesOf(service)
    .map(({ effect, actions, resource, team, block }) => {
      const head = effect === 'Allow' ? 'permit' : 'forbid';
      const named = actions.map((action) => `Action::"${action}"`).join(', ');
      const conditions = `context.resource like "${resource}*" && context.team == "${team}"`;
      return `${head}(principal == User::"${user}", action in [${named}], resource)
        when { ${conditions} && context.ip.isInRange(ip("${block}")) };`;
    })
    .join('\n');
}

/** A request in neither language. */
type Question = { readonly action: string; readonly resource: string; readonly team: string; readonly ip: string };

/** For each rule one request that it is about, and one that misses it by resource, team or address in turn. */
function questions(): Question[] {
  return services.flatMap((service) =>
    rulesOf(service).flatMap(({ actions, resource, team, inside }, at): Question[] => {
      const action = actions[at % actions.length] ?? '';
      const met = { action, resource: `${resource}a`, team, ip: inside };
      const misses = [{ resource: `${resource.slice(0, -1)}0/a` }, { team: 'team-x' }, { ip: '192.0.2.1' }];
      return [met, { ...met, ...misses[at % misses.length] }];
    }),
  );
}

function iamRequest({ action, resource, team, ip }: Question): PolicyRequest {
  return {
    principal: { kind: 'user', arn: user, account: '123456789012' },
    action,
    resource,
    context: contextOf({ 'aws:PrincipalTag/team': team, 'aws:SourceIp': ip }),
    resourceAccount: '123456789012',
  };
}

function cedarCall({ action, resource, team, ip }: Question): StatefulAuthorizationCall {
  return {
    principal: { type: 'User', id: user },
    action: { type: 'Action', id: action },
    resource: { type: 'Thing', id: resource },
    context: { resource, team, ip: { __extn: { fn: 'ip', arg: ip } } },
    preparsedPolicySetId: policySet,
    entities: [],
  };
}

function cedarAllows(call: StatefulAuthorizationCall): boolean {
  const answer = statefulIsAuthorized(call);
  if (answer.type !== 'success') throw new Error(`Cedar: ${answer.errors[0]?.message}`);
  return answer.response.decision === 'allow';
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`there is no request ${index}`);
  return value;
}

/** Parses both sides' policies. Throws when either is refused. */
export function policyWorkload(): Workload {
  const identity = services.map(iamPolicy);
  const parsed = preparsePolicySet(policySet, { staticPolicies: services.map(cedarPolicies).join('\n') });
  if (parsed.type !== 'success') throw new Error(`Cedar: ${parsed.errors[0]?.message}`);
  const requests = questions().map(iamRequest);
  const calls = questions().map(cedarCall);
  return {
    anyrole: {
      name: 'Anyrole',
      decide: (request) => evaluate({ identity }, at(requests, request)).decision === 'allowed',
    },
    cedar: { name: 'Cedar', decide: (request) => cedarAllows(at(calls, request)) },
    requests: requests.length,
  };
}
