// Permissions boundaries: the most that a user or a role may do, whatever its own policies allow.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
import { nothing, required, structure } from '../../contract/shape.ts';
import type { Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { boundaryKey, entityAccess } from './access.ts';
import { type BoundedKind, setBoundary } from './attachments.ts';
import { type Entity, modifiable } from './entities.ts';
import { InvalidInput, NoSuchEntity, PolicyNotAttachable, UnmodifiableEntity } from './errors.ts';
import { attachablePolicy, checkPolicyArn } from './managed-policy-rules.ts';
import { entityNaming } from './naming.ts';
import { Arn, RoleName, UserName } from './shapes.ts';

// AWS doc: the model; a user's name is that of a new user here.
const nameShapes = { user: UserName, role: RoleName } as const;
const ofServices = (kind: BoundedKind) => (kind === 'role' ? [UnmodifiableEntity] : []);

export const PutUserPermissionsBoundary = put('user');
export const DeleteUserPermissionsBoundary = remove('user');

export const PutRolePermissionsBoundary = put('role');
export const DeleteRolePermissionsBoundary = remove('role');

function put(kind: BoundedKind) {
  const by = entityNaming(kind, nameShapes[kind]);
  return operation({
    doc: `Bounds a ${kind} by a managed policy, in the place of the one before.`,
    effect: 'write',
    errors: [NoSuchEntity, InvalidInput, PolicyNotAttachable, ...ofServices(kind)],
    input: structure({
      ...by.members,
      PermissionsBoundary: required(Arn, { doc: 'The ARN of the managed policy.' }),
    }),
    output: nothing,
    access: async (input, call) => [
      await entityAccess(call, kind, by.asked(input), { context: boundaryKey(input.PermissionsBoundary) }),
    ],
    async run({ PermissionsBoundary: arn, ...input }, call) {
      checkPolicyArn(call, arn);
      return call.write(async (writer) => {
        await bound(writer, call, kind, await modifiable(writer, call.account, kind, by.given(input)), arn);
        return {};
      });
    },
  });
}

function remove(kind: BoundedKind) {
  const by = entityNaming(kind, nameShapes[kind]);
  return operation({
    doc: `Takes the permissions boundary off a ${kind}; one that has none is no error.`,
    effect: 'write',
    errors: [NoSuchEntity, ...ofServices(kind)],
    input: structure(by.members),
    output: nothing,
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input), { bounded: true })],
    run: (input, call) =>
      call.write(async (writer) => {
        const entity = await modifiable(writer, call.account, kind, by.given(input));
        await setBoundary(writer, call.account, kind, entity, null);
        return {};
      }),
  });
}

/** Bounds an entity; NoSuchEntity or PolicyNotAttachable where the policy cannot. */
export async function bound(
  writer: Writer,
  call: Call,
  kind: BoundedKind,
  entity: Entity,
  policyArn: string,
): Promise<void> {
  const policy = await attachablePolicy(writer, call, policyArn, 'Scope ARN:');
  await setBoundary(writer, call.account, kind, entity, policy.arn);
}

/** The member that shows a boundary; none where nothing bounds. AWS seen: 2025-07-29, the type, which the model has otherwise. */
export function shownBoundary({ permissionsBoundary: arn }: { readonly permissionsBoundary: string | null }) {
  if (arn === null) return {};
  return { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn } };
}
