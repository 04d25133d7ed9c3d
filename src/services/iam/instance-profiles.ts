// Instance profiles: how a machine is given a role. A profile holds one role at most; a role may be in many profiles.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
import { list, nothing, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { deleteCounted } from '../counts.ts';
import { creatingInstanceProfile, entityAccess, instanceProfileAccess, listing } from './access.ts';
import {
  type InstanceProfileRecord,
  instanceProfileArn,
  instanceProfiles,
  keyOf,
  ofAccount,
  profilesOfRoles,
  underRole,
  uniqueId,
} from './documents.ts';
import { findRecord, foundEntity, modifiable } from './entities.ts';
import {
  DeleteConflict,
  EntityAlreadyExists,
  InvalidInput,
  LimitExceeded,
  NoSuchEntity,
  UnmodifiableEntity,
} from './errors.ts';
import { changedInstanceProfile, foundInstanceProfile } from './instance-profile-records.ts';
import { listedByPath, listedUnder } from './pages.ts';
import { putNew } from './quotas.ts';
import { roleSummary } from './roles.ts';
import {
  InstanceProfile,
  InstanceProfileName,
  Path,
  pageMembers,
  pageOutput,
  pathPrefixMember,
  RoleName,
  TagList,
} from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const profileName = required(InstanceProfileName, { doc: 'The name of the instance profile, in any case.' });
const roleName = required(RoleName, { doc: 'The name of the role, in any case.' });
const output = structure({ InstanceProfile: required(InstanceProfile, { doc: 'The instance profile.' }) });
const listOutput = structure({
  InstanceProfiles: required(list(InstanceProfile), { doc: 'The instance profiles, without their tags.' }),
  ...pageOutput,
});

export const CreateInstanceProfile = operation({
  doc: 'Creates an instance profile without a role.',
  effect: 'write',
  errors: [EntityAlreadyExists, InvalidInput, LimitExceeded],
  input: structure({
    InstanceProfileName: required(InstanceProfileName, {
      doc: 'The name; unique in the account without regard to case.',
    }),
    Path: optional(Path, { doc: 'The path of the instance profile. Absent: `/`.' }),
    Tags: optional(TagList, { doc: 'Tags of the new instance profile.' }),
  }),
  output,
  access: ({ InstanceProfileName: name, Path: path, Tags: tags = [] }, call) =>
    creatingInstanceProfile(call, { name, path, tags }),
  async run({ InstanceProfileName: name, Path: path = '/', Tags }, call) {
    checkTags(Tags);
    const profile: InstanceProfileRecord = {
      path,
      instanceProfileName: name,
      instanceProfileId: uniqueId('AIPA', call),
      arn: instanceProfileArn(call, name, path),
      createDate: call.now.toISOString(),
      roleName: null,
      tags: merged([], Tags),
    };
    return call.write(async (writer) => {
      if (await instanceProfiles.get(writer, keyOf(call.account, name))) {
        throw EntityAlreadyExists(`Instance Profile ${name} already exists.`);
      }
      const quota = 'InstanceProfilesPerAccount';
      await putNew(writer, call, { to: instanceProfiles, quota, name, record: profile });
      return { InstanceProfile: { ...(await summary(writer, call, profile)), ...tagged(profile) } };
    });
  },
});

export const GetInstanceProfile = operation({
  doc: 'Gets an instance profile with its role and its tags.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ InstanceProfileName: profileName }),
  output,
  access: async (input, call) => [await instanceProfileAccess(call, input.InstanceProfileName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const profile = await foundInstanceProfile(reader, call.account, input.InstanceProfileName);
      return { InstanceProfile: { ...(await summary(reader, call, profile)), ...tagged(profile) } };
    }),
});

export const ListInstanceProfiles = operation({
  doc: "Lists the account's instance profiles in the order of their names.",
  effect: 'read',
  errors: [],
  input: structure({ ...pathPrefixMember, ...pageMembers }),
  output: listOutput,
  access: (input, call) => listing(call, 'instance-profile', input.PathPrefix),
  async run(input, call) {
    const { records, shown } = await listedByPath(call, instanceProfiles, input);
    const shownProfiles = await call.read((reader) => profileSummaries(reader, call, records));
    return { InstanceProfiles: shownProfiles, ...shown };
  },
});

export const ListInstanceProfilesForRole = operation({
  doc: 'Lists the instance profiles that hold a role, in the order of their names.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ RoleName: roleName, ...pageMembers }),
  output: listOutput,
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const role = await foundEntity(reader, call.account, 'role', input.RoleName);
      const below = underRole(call.account, role.name);
      const { records, shown } = await listedUnder(call, reader, profilesOfRoles, below, input);
      const profiles = records.map((record) => foundInstanceProfile(reader, call.account, record.instanceProfileName));
      return { InstanceProfiles: await profileSummaries(reader, call, await Promise.all(profiles)), ...shown };
    }),
});

export const AddRoleToInstanceProfile = operation({
  doc: 'Puts a role into an instance profile that holds none; the caller must be allowed to pass the role to EC2.',
  effect: 'write',
  errors: [NoSuchEntity, LimitExceeded, UnmodifiableEntity],
  input: structure({ InstanceProfileName: profileName, RoleName: roleName }),
  output: nothing,
  access: async (input, call) => [
    await instanceProfileAccess(call, input.InstanceProfileName),
    await entityAccess(call, 'role', input.RoleName, {
      action: 'iam:PassRole',
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    }),
  ],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const { instanceProfileName } = await foundInstanceProfile(writer, account, input.InstanceProfileName);
      const role = await modifiable(writer, account, 'role', input.RoleName);
      await changedInstanceProfile(writer, account, instanceProfileName, (profile) => {
        // Ours: for the role that is in it already as well; AWS models EntityAlreadyExists and is not known to answer it.
        if (profile.roleName !== null) {
          throw LimitExceeded('Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1');
        }
        return { ...profile, roleName: role.name };
      });
      await profilesOfRoles.put(writer, placeOf(account, role.name, instanceProfileName), { instanceProfileName });
      return {};
    }),
});

export const RemoveRoleFromInstanceProfile = operation({
  doc: 'Takes the role out of an instance profile.',
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({ InstanceProfileName: profileName, RoleName: roleName }),
  output: nothing,
  access: async (input, call) => [await instanceProfileAccess(call, input.InstanceProfileName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      await changedInstanceProfile(writer, account, input.InstanceProfileName, (profile) => {
        // Ours: one sentence for a role that is not in the profile and for one that is nowhere.
        if (profile.roleName?.toLowerCase() !== input.RoleName.toLowerCase()) {
          throw NoSuchEntity(`The role with name ${input.RoleName} cannot be found.`);
        }
        return { ...profile, roleName: null };
      });
      await profilesOfRoles.delete(writer, placeOf(account, input.RoleName, input.InstanceProfileName));
      return {};
    }),
});

export const DeleteInstanceProfile = operation({
  doc: 'Deletes an instance profile that holds no role.',
  effect: 'write',
  errors: [NoSuchEntity, DeleteConflict],
  input: structure({ InstanceProfileName: profileName }),
  output: nothing,
  access: async (input, call) => [await instanceProfileAccess(call, input.InstanceProfileName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const profile = await foundInstanceProfile(writer, call.account, input.InstanceProfileName);
      if (profile.roleName !== null) {
        throw DeleteConflict('Cannot delete entity, must remove roles from instance profile first.');
      }
      const { instanceProfileName: name } = profile;
      await deleteCounted(writer, instanceProfiles, ofAccount(call.account), name.toLowerCase());
      return {};
    }),
});

/** The key in `profilesOfRoles`. */
function placeOf(account: string, role: string, profile: string): string {
  return underRole(account, role) + profile.toLowerCase();
}

/** Instance profiles as lists show them. */
export function profileSummaries(reader: Reader, call: Call, profiles: readonly InstanceProfileRecord[]) {
  return Promise.all(profiles.map((profile) => summary(reader, call, profile)));
}

/** An instance profile as lists show it. `Roles` is always there, an empty list when there is none. */
async function summary(
  reader: Reader,
  call: Call,
  profile: InstanceProfileRecord,
): Promise<ValueOf<typeof InstanceProfile>> {
  const role = profile.roleName === null ? undefined : await findRecord(reader, call.account, 'role', profile.roleName);
  return {
    Path: profile.path,
    InstanceProfileName: profile.instanceProfileName,
    InstanceProfileId: profile.instanceProfileId,
    Arn: profile.arn,
    CreateDate: new Date(profile.createDate),
    Roles: role === undefined ? [] : [roleSummary(role)],
  };
}

function tagged({ tags }: InstanceProfileRecord) {
  return tags.length === 0 ? {} : { Tags: tags };
}
