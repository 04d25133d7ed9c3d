// Profiles: the roles a certificate holder may assume, and the limits of the session.
import { isoText } from '../../contract/instant.ts';
import type { Access } from '../../contract/operation.ts';
import { boolean, list, optional, required, string, structure, type ValueOf, view } from '../../contract/shape.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import { type Call, isSigner, operation, whenThere } from '../call.ts';
import { accessTo, creating, sought } from './access.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import {
  added,
  arnOf,
  asked,
  changed,
  defaultMappings,
  listed,
  type ProfileRecord,
  profiles,
  removed,
} from './records.ts';
import {
  DurationSeconds,
  ManagedPolicyList,
  nextTokenMember,
  ProfileDetail,
  pageMembers,
  ResourceName,
  RoleArnList,
  TagList,
  Uuid,
} from './shapes.ts';
import { checkTags } from './tag-rules.ts';

const kind = 'Profile';
const profileId = required(Uuid, { doc: 'The unique identifier of the profile.' });
/** A profile as every operation answers it. */
export const Profile = view(ProfileDetail, detail);
const output = structure({ profile: required(Profile, { doc: 'The profile.' }) });
const reading = [ResourceNotFoundException, AccessDeniedException] as const;
const changing = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

const limits = {
  managedPolicyArns: optional(ManagedPolicyList, { doc: 'Managed policies that bound every session.' }),
  durationSeconds: optional(DurationSeconds, { doc: 'Seconds a session lasts at most. At creation, absent: 3600.' }),
  acceptRoleSessionName: optional(boolean, { doc: 'Whether CreateSession may name the session.' }),
};

export const CreateProfile = operation({
  doc: 'Creates a profile: the roles a certificate holder may assume, and the limits of the session.',
  http: 'POST /profiles 201',
  effect: 'write',
  errors: [ValidationException, AccessDeniedException],
  input: structure({
    name: required(ResourceName, { doc: 'Shown in lists; need not be unique.' }),
    roleArns: required(RoleArnList, { doc: 'The roles a session may assume.' }),
    sessionPolicy: optional(string(), { doc: 'A policy that bounds every session, as JSON text.' }),
    requireInstanceProperties: optional(boolean, {
      doc: "Unused by AWS; enforced only where the operator's settings say so.",
    }),
    enabled: optional(boolean, { doc: 'Whether CreateSession may use the profile. Absent: false.' }),
    tags: optional(TagList, { doc: 'Tags of the new profile.' }),
    ...limits,
  }),
  output,
  access: (input, call) => [...creating(call, 'profile', input.tags), ...passRoles(input.roleArns)],
  async run(input, call) {
    checkSessionPolicy(input.sessionPolicy);
    checkTags(input.tags);
    const id = call.newId();
    const now = isoText(call.now);
    const record: ProfileRecord = {
      id,
      arn: arnOf(call, `profile/${id}`),
      name: input.name,
      requireInstanceProperties: input.requireInstanceProperties ?? false,
      enabled: input.enabled ?? false,
      createdBy: isSigner(call.caller) ? call.caller.arn : call.account,
      sessionPolicy: input.sessionPolicy || null,
      roleArns: [...input.roleArns], // not frozen: see defaultMappings
      managedPolicyArns: input.managedPolicyArns ?? [],
      durationSeconds: input.durationSeconds ?? 3600,
      acceptRoleSessionName: input.acceptRoleSessionName ?? false,
      attributeMappings: defaultMappings(),
      tags: input.tags ?? [],
      createdAt: now,
      updatedAt: now,
    };
    return call.write(async (writer) => {
      await added(writer, profiles, call, record, { quota: call.settings.quotas.profiles, plural: 'profiles' });
      return { profile: record };
    });
  },
});

export const GetProfile = operation({
  doc: 'Gets a profile.',
  http: 'GET /profile/{profileId} 200',
  effect: 'read',
  errors: reading,
  input: structure({ profileId }),
  output,
  access: (input, call) => onProfile(call, input.profileId),
  run: (input, call) => whenThere(asked(call, profiles, input.profileId, kind), (profile) => ({ profile })),
});

export const ListProfiles = operation({
  doc: "Lists the account's profiles in the Region, in the order of their creation.",
  http: 'GET /profiles 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure(pageMembers),
  output: structure({ ...nextTokenMember, profiles: optional(list(Profile), { doc: 'The profiles.' }) }),
  access: (_input, call) => [{ resource: arnOf(call, 'profile/*') }],
  async run(input, call) {
    const { records, next } = await listed(call, profiles, input);
    return { profiles: records, nextToken: next };
  },
});

export const UpdateProfile = operation({
  doc: 'Changes the members that are given and leaves the others.',
  http: 'PATCH /profile/{profileId} 200',
  effect: 'write',
  errors: changing,
  input: structure({
    profileId,
    name: optional(ResourceName, { doc: 'The new name.' }),
    sessionPolicy: optional(string({ min: 1, max: 100000 }), { doc: 'The new session policy, as JSON text.' }),
    roleArns: optional(RoleArnList, { doc: 'The new list of roles.' }),
    ...limits,
  }),
  output,
  access: async (input, call) => [...(await onProfile(call, input.profileId)), ...passRoles(input.roleArns)],
  async run({ profileId: id, ...wanted }, call) {
    checkSessionPolicy(wanted.sessionPolicy);
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    return change(call, id, (record) => ({ ...record, ...given }));
  },
});

export const EnableProfile = operation({
  doc: 'Lets CreateSession use the profile.',
  http: 'POST /profile/{profileId}/enable 200',
  effect: 'write',
  errors: reading,
  input: structure({ profileId }),
  output,
  async access({ profileId: id }, call) {
    const record = await sought(call, profiles, id);
    return [accessTo(call, 'profile', id, record), ...passRoles(record?.roleArns)];
  },
  run: (input, call) => change(call, input.profileId, (record) => ({ ...record, enabled: true })),
});

export const DisableProfile = operation({
  doc: 'Makes CreateSession refuse the profile; sessions issued before live on.',
  http: 'POST /profile/{profileId}/disable 200',
  effect: 'write',
  errors: reading,
  input: structure({ profileId }),
  output,
  access: (input, call) => onProfile(call, input.profileId),
  run: (input, call) => change(call, input.profileId, (record) => ({ ...record, enabled: false })),
});

export const DeleteProfile = operation({
  doc: 'Deletes a profile and gives its last state.',
  http: 'DELETE /profile/{profileId} 200',
  effect: 'write',
  errors: reading,
  input: structure({ profileId }),
  output,
  access: (input, call) => onProfile(call, input.profileId),
  run: (input, call) =>
    call.write(async (writer) => ({ profile: await removed(writer, profiles, call, input.profileId, kind) })),
});

/** Changes one profile and gives the answer with it; `updatedAt` advances. */
export function change(call: Call, id: string, how: (record: ProfileRecord) => ProfileRecord) {
  return call.write(async (writer) => {
    const update = (record: ProfileRecord) => ({ ...how(record), updatedAt: isoText(call.now) });
    return { profile: await changed(writer, profiles, call, id, kind, update) };
  });
}

/** Access to one profile, for its own operations and those of its mappings. */
export function onProfile(call: Call, id: string | undefined): readonly Access[] | Promise<readonly Access[]> {
  return whenThere(sought(call, profiles, id), (record) => [accessTo(call, 'profile', id, record)]);
}

function detail(record: ProfileRecord): ValueOf<typeof ProfileDetail> {
  const createdAt = new Date(record.createdAt);
  // Member by member: a page shows a hundred of them.
  return {
    profileId: record.id,
    profileArn: record.arn,
    name: record.name,
    requireInstanceProperties: record.requireInstanceProperties,
    enabled: record.enabled,
    createdBy: record.createdBy,
    sessionPolicy: record.sessionPolicy ?? undefined,
    roleArns: record.roleArns,
    managedPolicyArns: record.managedPolicyArns,
    createdAt,
    updatedAt: record.updatedAt === record.createdAt ? createdAt : new Date(record.updatedAt),
    durationSeconds: record.durationSeconds,
    acceptRoleSessionName: record.acceptRoleSessionName,
    attributeMappings: record.attributeMappings,
  };
}

/** AWS doc: CreateProfile, UpdateProfile and EnableProfile depend on iam:PassRole for every role. One more than the limit is enough: validation refuses it. */
function passRoles(roleArns: readonly string[] = []) {
  return roleArns.slice(0, 251).map((resource) => ({
    action: 'iam:PassRole',
    resource,
    context: { 'iam:PassedToService': 'rolesanywhere.amazonaws.com' },
  }));
}

/** Ours: AWS shows a bad session policy at CreateSession; it is refused here, where the writer can mend it. */
function checkSessionPolicy(text: string | undefined): void {
  if (!text) return;
  const parsed = parsePolicy(text, 'session');
  if (!parsed.ok) throw ValidationException(`The session policy is not valid: ${parsed.message}`);
}
