// Managed policies on users, groups and roles: whoever they are attached to has their permissions, as of now.
import { list, nothing, oneOf, optional, required, string, structure } from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { entityAccess, policyAccess, policyArnKey } from './access.ts';
import { attach, attachedPoliciesOf, type BoundedKind, detach } from './attachments.ts';
import { attachedTo, boundaryOf, type PolicyUserRecord, underPolicy } from './documents.ts';
import { type EntityKind, entities, foundEntity, modifiable, relationKey } from './entities.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity, PolicyNotAttachable, UnmodifiableEntity } from './errors.ts';
import { attachablePolicy, checkPolicyArn, foundPolicy } from './managed-policy-rules.ts';
import { entityNaming } from './naming.ts';
import { inTurn, type ListedPage, listedUnder, type PageRequest, sliced } from './pages.ts';
import { checkQuota } from './quotas.ts';
import {
  Arn,
  GroupName,
  Id,
  Path,
  PolicyName,
  PolicyPath,
  PolicyUsage,
  pageMembers,
  pageOutput,
  RoleName,
  UserName,
} from './shapes.ts';

const policyArn = { PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }) };
// AWS doc: the model; a user's name is that of a new user here.
const nameShapes = { user: UserName, group: GroupName, role: RoleName } as const;
const ofServices = (kind: EntityKind) => (kind === 'role' ? [UnmodifiableEntity] : []);

export const AttachUserPolicy = attaching('user');
export const ListAttachedUserPolicies = listing('user');
export const DetachUserPolicy = detaching('user');

export const AttachGroupPolicy = attaching('group');
export const ListAttachedGroupPolicies = listing('group');
export const DetachGroupPolicy = detaching('group');

export const AttachRolePolicy = attaching('role');
export const ListAttachedRolePolicies = listing('role');
export const DetachRolePolicy = detaching('role');

function attaching(kind: EntityKind) {
  const by = entityNaming(kind, nameShapes[kind]);
  return operation({
    doc: `Attaches a managed policy to a ${kind}; its permissions hold at once.`,
    effect: 'write',
    errors: [NoSuchEntity, InvalidInput, LimitExceeded, PolicyNotAttachable, ...ofServices(kind)],
    input: structure({ ...by.members, ...policyArn }),
    output: nothing,
    access: async (input, call) => [
      await entityAccess(call, kind, by.asked(input), { bounded: true, context: policyArnKey(input.PolicyArn) }),
    ],
    async run({ PolicyArn: arn, ...input }, call) {
      checkPolicyArn(call, arn);
      return call.write(async (writer) => {
        const entity = await modifiable(writer, call.account, kind, by.given(input));
        const policy = await attachablePolicy(writer, call, arn);
        const others = (await attachedPoliciesOf(writer, entity)).filter((held) => held.policyArn !== arn);
        checkQuota(call, entities[kind].attachmentQuota, others.length + 1);
        await attach(writer, call.account, entity, policy);
        return {};
      });
    },
  });
}

function listing(kind: EntityKind) {
  const by = entityNaming(kind, nameShapes[kind]);
  return operation({
    doc: `Lists the managed policies that are attached to a ${kind}, in the order of their ARNs.`,
    effect: 'read',
    errors: [NoSuchEntity],
    input: structure({
      ...by.members,
      PathPrefix: optional(PolicyPath, { doc: 'Only policies whose paths begin with it. Absent: `/`.' }),
      ...pageMembers,
    }),
    output: structure({
      AttachedPolicies: optional(
        list(
          structure({
            PolicyName: required(PolicyName, { doc: 'The name of the policy.' }),
            PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }),
          }),
        ),
        { doc: 'The policies.' },
      ),
      ...pageOutput,
    }),
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input))],
    run: ({ PathPrefix = '/', ...asked }, call) =>
      call.read(async (reader) => {
        const entity = await foundEntity(reader, call.account, kind, by.given(asked));
        const held = await attachedPoliciesOf(reader, entity);
        const wanted = held.filter(({ policyPath }) => policyPath.startsWith(PathPrefix));
        const { records, shown } = sliced(call, `policies of ${entity.id} ${PathPrefix}`, wanted, asked);
        const policies = records.map((record) => ({ PolicyName: record.policyName, PolicyArn: record.policyArn }));
        return { AttachedPolicies: policies, ...shown };
      }),
  });
}

function detaching(kind: EntityKind) {
  const by = entityNaming(kind, nameShapes[kind]);
  return operation({
    doc: `Takes a managed policy off a ${kind}; its permissions are gone at once.`,
    effect: 'write',
    errors: [NoSuchEntity, InvalidInput, ...ofServices(kind)],
    input: structure({ ...by.members, ...policyArn }),
    output: nothing,
    access: async (input, call) => [
      await entityAccess(call, kind, by.asked(input), { bounded: true, context: policyArnKey(input.PolicyArn) }),
    ],
    async run({ PolicyArn: arn, ...input }, call) {
      checkPolicyArn(call, arn);
      return call.write(async (writer) => {
        const entity = await modifiable(writer, call.account, kind, by.given(input));
        const isAttached = (await attachedPoliciesOf(writer, entity)).some((held) => held.policyArn === arn);
        if (!isAttached) throw NoSuchEntity(`Policy ${arn} was not found.`);
        await detach(writer, call.account, entity, arn);
        return {};
      });
    },
  });
}

const PolicyGroup = structure({
  GroupName: optional(string(), { doc: 'The name of the group.' }),
  GroupId: optional(Id, { doc: 'The unique id of the group.' }),
});
const PolicyUser = structure({
  UserName: optional(string(), { doc: 'The name of the user.' }),
  UserId: optional(Id, { doc: 'The unique id of the user.' }),
});
const PolicyRole = structure({
  RoleName: optional(string(), { doc: 'The name of the role.' }),
  RoleId: optional(Id, { doc: 'The unique id of the role.' }),
});

export const ListEntitiesForPolicy = operation({
  doc: 'Lists the groups, users and roles that a managed policy is attached to or bounds, kind by kind.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    ...policyArn,
    EntityFilter: optional(oneOf('User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'), {
      doc: 'Only entities of the kind. Absent: all.',
    }),
    PathPrefix: optional(Path, { doc: 'Only entities whose paths begin with it. Absent: `/`.' }),
    PolicyUsageFilter: optional(PolicyUsage, { doc: 'Only entities that use the policy so. Absent: all.' }),
    ...pageMembers,
  }),
  output: structure({
    PolicyGroups: optional(list(PolicyGroup), { doc: 'The groups.' }),
    PolicyUsers: optional(list(PolicyUser), { doc: 'The users.' }),
    PolicyRoles: optional(list(PolicyRole), { doc: 'The roles.' }),
    ...pageOutput,
  }),
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn, EntityFilter, PathPrefix = '/', PolicyUsageFilter: usage, ...asked }, call) =>
    call.read(async (reader) => {
      await foundPolicy(reader, call, arn);
      const wanted = { arn, path: PathPrefix, usage };
      const kinds = kindsOf.filter(({ title }) => EntityFilter === undefined || EntityFilter === title);
      const lists = kinds.flatMap(({ kind }) => listsOf(call, reader, kind, wanted));
      const { records, shown } = await inTurn(
        `entities ${JSON.stringify([call.account, EntityFilter, wanted])}`,
        lists,
        asked,
      );
      const of = (kind: EntityKind) => records.filter((record) => record.kind === kind);
      return {
        PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...shown,
      };
    }),
});

const kindsOf = (['group', 'user', 'role'] as const).map((kind) => ({ kind, title: entities[kind].title }));

type Wanted = {
  readonly arn: string;
  readonly path: string;
  readonly usage: 'PermissionsPolicy' | 'PermissionsBoundary' | undefined;
};
type Listed = PolicyUserRecord & { readonly kind: EntityKind };

/** The lists of the entities of a kind that use a policy; an entity that uses it both ways stands in the first. */
function listsOf(call: Call, reader: Reader, kind: EntityKind, { arn, path, usage }: Wanted) {
  const below = underPolicy(call.account, arn);
  const isBelow = (record: PolicyUserRecord) => record.path.startsWith(path);
  const isAttached = async (record: PolicyUserRecord) =>
    (await attachedTo[kind].get(reader, below + relationKey(kind, record))) !== undefined;
  const attached = async (asked: PageRequest) =>
    ofKind(kind, await listedUnder(call, reader, attachedTo[kind], below, asked, isBelow));
  const bounding = (bounded: BoundedKind) => async (asked: PageRequest) =>
    ofKind(
      kind,
      await listedUnder(call, reader, boundaryOf[bounded], below, asked, async (record) => {
        return isBelow(record) && (usage !== undefined || !(await isAttached(record)));
      }),
    );
  return [
    ...(usage === 'PermissionsBoundary' ? [] : [attached]),
    ...(usage === 'PermissionsPolicy' || kind === 'group' ? [] : [bounding(kind)]),
  ];
}

function ofKind(kind: EntityKind, { records, shown }: ListedPage<PolicyUserRecord>): ListedPage<Listed> {
  return { records: records.map((record) => ({ ...record, kind })), shown };
}
