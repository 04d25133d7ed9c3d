// What a caller stands on: the policies that grant and bound its power, and its tags, as they are now. A session brings
// only the policies that bounded it when it was issued: who takes a role's or a user's power away takes the sessions', too.
import type { Policy, PolicyKind } from '../core/policy/document.ts';
import type { CallerPolicies, NamedPolicy } from '../core/policy/evaluate.ts';
import type { SessionClaims } from '../core/session/claims.ts';
import type { AssumedRoleCaller, Call, FederatedUserCaller, UserCaller } from '../services/call.ts';
import { overlaid } from '../services/condition-keys.ts';
import {
  type AppliedPolicies,
  type AppliedPolicy,
  appliedPolicies,
  entityOf,
  findManagedPolicy,
  findRole,
  findUserById,
  type Tag,
} from '../services/iam/records.ts';
import type { Reader, Store } from '../store/store.ts';
import { onGrounds } from './grounds.ts';

export type Standing = {
  readonly policies: CallerPolicies;
  /** The tags of the principal: the user's, or the role's under the session's. */
  readonly tags: Readonly<Record<string, string>>;
};

/** Who has no policies of their own: the account itself, whose power the evaluation knows, and strangers. */
const nobody: Standing = Object.freeze({ policies: { identity: [] }, tags: {} });

/** What the caller stands on now: at once, where nothing of it changed and all of it is remembered. */
export function standingOf(store: Pick<Store, 'read' | 'recall'>, call: Call): Standing | Promise<Standing> {
  const { caller } = call;
  switch (caller.kind) {
    case 'root':
    case 'certificate':
    case 'stranger':
      return nobody;
    case 'user':
    case 'assumedRole':
    case 'federatedUser':
      return heldBy(store, caller, call);
  }
}

/** By the caller, who is the same as long as the records or the claims behind it are. Of the call only how policies are compiled. */
const heldBy = onGrounds(new WeakMap(), (reader, caller: PolicyHolder, call: Call): Promise<Standing> => {
  switch (caller.kind) {
    case 'user':
      return userStanding(call, reader, caller.account, caller.userId);
    case 'assumedRole':
      return roleStanding(call, reader, caller);
    case 'federatedUser':
      return federatedStanding(call, reader, caller);
  }
});

type PolicyHolder = UserCaller | AssumedRoleCaller | FederatedUserCaller;

async function userStanding(call: Call, reader: Reader, account: string, userId: string): Promise<Standing> {
  const user = await findUserById(reader, account, userId);
  // The user went after the signature was read.
  if (user === undefined) return nobody;
  return standingOn(call, await appliedPolicies(reader, account, entityOf('user', account, user)), user.tags);
}

async function roleStanding(call: Call, reader: Reader, { account, session }: AssumedRoleCaller): Promise<Standing> {
  const bounds = await sessionPolicies(call, reader, session);
  const role = await findRole(reader, account, session.roleName);
  // A role deleted and made again under its name is another role: its sessions are over.
  if (role?.roleId !== session.roleId) return { policies: bounded(nobody.policies, bounds), tags: session.tags };
  const applied = await appliedPolicies(reader, account, entityOf('role', account, role));
  const { policies, tags } = standingOn(call, applied, role.tags);
  return { policies: bounded(policies, bounds), tags: overlaid(tags, session.tags) };
}

/**
 * What the user may do, within what the session policies say; without any, nothing but what resource policies grant. The
 * tags of the user are under those of the session.
 * AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
 */
async function federatedStanding(
  call: Call,
  reader: Reader,
  { account, session }: FederatedUserCaller,
): Promise<Standing> {
  const bounds = (await sessionPolicies(call, reader, session)) ?? [allowsNothing];
  const { policies, tags } =
    session.user === undefined
      ? { policies: { identity: [named(call, 'the account itself', everything)] }, tags: {} }
      : await userStanding(call, reader, account, session.user.userId);
  return { policies: bounded(policies, bounds), tags: overlaid(tags, session.tags) };
}

function bounded(policies: CallerPolicies, session: readonly NamedPolicy[] | undefined): CallerPolicies {
  return session === undefined ? policies : { ...policies, session };
}

function standingOn(call: Call, applied: AppliedPolicies, tags: readonly Tag[]): Standing {
  const compiled = ({ name, document }: AppliedPolicy) => named(call, name, document);
  const { permissionsBoundary: boundary } = applied;
  const policies = {
    identity: applied.identity.map(compiled),
    ...(boundary && { permissionsBoundary: compiled(boundary) }),
  };
  return { policies, tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) };
}

const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** The policies that the session was issued with; of managed ones, what they say now. Undefined: none bound it. */
async function sessionPolicies(
  call: Call,
  reader: Reader,
  { policies, managedPolicyArns }: Pick<SessionClaims & { kind: 'role' }, 'policies' | 'managedPolicyArns'>,
): Promise<readonly NamedPolicy[] | undefined> {
  if (policies.length === 0 && managedPolicyArns.length === 0) return undefined;
  const managed = await Promise.all(
    managedPolicyArns.map(async (arn) => {
      const policy = await findManagedPolicy(reader, call.account, arn);
      if (policy === undefined) return { name: `managed policy ${arn}, which is gone`, policy: nothing };
      const kind = policy.owner === 'aws' ? 'AWS managed policy' : 'managed policy';
      return named(call, `${kind} ${policy.name}`, policy.document, 'session');
    }),
  );
  return [...policies.map((text) => named(call, 'session policy', text, 'session')), ...managed];
}

function named(call: Call, name: string, document: string, kind: PolicyKind = 'identity'): NamedPolicy {
  return { name, policy: call.policyOf(document, kind) };
}

/** Stands for a bound that is no more: it allows nothing. Left out, it would bound nothing. */
const nothing: Policy = Object.freeze({ version: '2012-10-17', statements: [] });

const allowsNothing: NamedPolicy = Object.freeze({ name: 'no session policy', policy: nothing });
