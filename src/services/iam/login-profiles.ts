// The passwords of users. What is given is checked, digested, sealed and forgotten: no log and no audit event has it.
import { commonError } from '../../contract/error.ts';
import type { Access } from '../../contract/operation.ts';
import { boolean, nothing, optional, pattern, required, string, structure, timestamp } from '../../contract/shape.ts';
import { digestOf, isInForce } from '../../core/password/digests.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { entityAccess } from './access.ts';
import { passwordPolicies } from './account-records.ts';
import type { UserRecord } from './documents.ts';
import { findById, foundRecord } from './entities.ts';
import {
  EntityAlreadyExists,
  EntityTemporarilyUnmodifiable,
  InvalidUserType,
  NoSuchEntity,
  PasswordPolicyViolation,
} from './errors.ts';
import { ownerAccess, ownerOf } from './owner.ts';
import {
  type Demands,
  demandsOf,
  digestsOf,
  findLoginProfile,
  foundLoginProfile,
  type LoginProfileRecord,
  loginProfiles,
  renewed,
  sealedDigests,
} from './passwords.ts';
import { UserName } from './shapes.ts';

const Password = string({
  min: 1,
  max: 128,
  pattern: pattern('[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'),
  sensitive: true,
});
const whose = { UserName: optional(UserName, { doc: 'The name of the user, in any case. Absent: the caller.' }) };

const LoginProfile = structure({
  UserName: required(UserName, { doc: 'The name of the user.' }),
  CreateDate: required(timestamp, { doc: 'When the user first had a password.' }),
  PasswordResetRequired: optional(boolean, { doc: 'Whether the next sign-in must choose another password.' }),
});
const output = structure({ LoginProfile: required(LoginProfile, { doc: 'What is known of the password.' }) });

export const CreateLoginProfile = operation({
  doc: 'Gives a user a password.',
  effect: 'write',
  errors: [EntityAlreadyExists, NoSuchEntity, PasswordPolicyViolation],
  input: structure({
    ...whose,
    Password: optional(Password, { doc: 'The password; needed, as nobody here acts for the root of another account.' }),
    PasswordResetRequired: optional(boolean, { doc: 'Whether the first sign-in must choose another. Absent: no.' }),
  }),
  output,
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  async run({ UserName: name, Password: password, PasswordResetRequired: reset = false }, call) {
    if (password === undefined) throw noPassword();
    const { account } = call;
    const read = async (reader: Reader) => {
      const user = await userOf(reader, call, name);
      if (await findLoginProfile(reader, account, user.userId)) {
        // Ours: AWS's sentence is not known for certain.
        throw EntityAlreadyExists(`Login Profile for user ${user.userName} already exists.`);
      }
      return { user, demands: await demandsOf(reader, account) };
    };
    const sealed = sealedDigests(call, await renewed(call, password, (await call.read(read)).demands, undefined));
    return call.write(async (writer) => {
      const { user } = await read(writer);
      const createDate = call.now.toISOString();
      const profile: LoginProfileRecord = {
        userId: user.userId,
        createDate,
        passwordLastChanged: createDate,
        passwordResetRequired: reset,
        sealedDigests: sealed,
      };
      await loginProfiles.put(writer, `${account}/${user.userId}`, profile);
      return { LoginProfile: shown(user, profile) };
    });
  },
});

export const GetLoginProfile = operation({
  doc: 'Tells since when a user has a password.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure(whose),
  output,
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const user = await userOf(reader, call, input.UserName);
      return { LoginProfile: shown(user, await foundLoginProfile(reader, call.account, user)) };
    }),
});

export const UpdateLoginProfile = operation({
  doc: "Gives a user another password, or says that the next sign-in must; an administrator's way.",
  effect: 'write',
  errors: [NoSuchEntity, PasswordPolicyViolation, EntityTemporarilyUnmodifiable],
  input: structure({
    UserName: required(UserName, { doc: 'The name of the user, in any case.' }),
    Password: optional(Password, { doc: 'The new password. Absent: as before.' }),
    PasswordResetRequired: optional(boolean, {
      doc: 'Whether the next sign-in must choose another. Absent: no with a new password, else as before.',
    }),
  }),
  output: nothing,
  access: async (input, call) => [await entityAccess(call, 'user', input.UserName)],
  async run({ UserName: name, Password: password, PasswordResetRequired: reset }, call) {
    const before = await call.read(async (reader) => {
      const user = await foundRecord(reader, call.account, 'user', name);
      const profile = await foundLoginProfile(reader, call.account, user);
      return { profile, demands: await demandsOf(reader, call.account) };
    });
    const { profile } = before;
    if (password !== undefined) {
      return exchange(call, before, password, { passwordResetRequired: reset ?? false });
    }
    const passwordResetRequired = reset ?? profile.passwordResetRequired;
    return replace(call, profile, { ...profile, passwordResetRequired });
  },
});

export const DeleteLoginProfile = operation({
  doc: "Takes a user's password away; access keys stay.",
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure(whose),
  output: nothing,
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const user = await userOf(writer, call, input.UserName);
      await foundLoginProfile(writer, call.account, user);
      await loginProfiles.delete(writer, `${call.account}/${user.userId}`);
      return {};
    }),
});

export const ChangePassword = operation({
  doc: 'Exchanges the password of the user who asks for another.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidUserType, EntityTemporarilyUnmodifiable, PasswordPolicyViolation],
  input: structure({
    OldPassword: required(Password, { doc: 'The password in force.' }),
    NewPassword: required(Password, { doc: 'The new one.' }),
  }),
  output: nothing,
  access: async (_input, call) => [await changingOwnPassword(call)],
  async run({ OldPassword: old, NewPassword: password }, call) {
    const { account, caller } = call;
    // Ours: AWS's sentence is not known for certain.
    if (caller.kind !== 'user') throw InvalidUserType('Only IAM Users can change their own password');
    const before = await call.read(async (reader) => {
      const profile = await foundLoginProfile(reader, account, caller);
      return { profile, demands: await demandsOf(reader, account) };
    });
    const held = digestsOf(call, before.profile);
    // The new password is looked at when the old one is right: a stolen key learns nothing of earlier passwords.
    if (!isInForce(held, await digestOf(held, old))) throw wrongPassword();
    return exchange(call, before, password, { passwordResetRequired: false });
  },
});

/** Puts a new password in force, where the profile is still the one that was read. */
async function exchange(
  call: Call,
  { profile, demands }: { readonly profile: LoginProfileRecord; readonly demands: Demands },
  password: string,
  change: Pick<LoginProfileRecord, 'passwordResetRequired'>,
) {
  const digests = await renewed(call, password, demands, digestsOf(call, profile));
  return replace(call, profile, {
    ...profile,
    ...change,
    passwordLastChanged: call.now.toISOString(),
    sealedDigests: sealedDigests(call, digests),
  });
}

/** Digesting takes its time outside of the transaction: what another request changed meanwhile is not overwritten. */
function replace(call: Call, before: LoginProfileRecord, after: LoginProfileRecord) {
  return call.write(async (writer) => {
    const { account } = call;
    const now = await findLoginProfile(writer, account, before.userId);
    if (now?.sealedDigests !== before.sealedDigests) {
      // Ours: the sentence.
      throw EntityTemporarilyUnmodifiable('The login profile was changed by another request. Please try again.');
    }
    await loginProfiles.put(writer, `${account}/${before.userId}`, after);
    return {};
  });
}

/** The named user or the caller; the password of an account's root is nobody's here. */
async function userOf(reader: Reader, call: Call, name: string | undefined): Promise<UserRecord> {
  const owner = await ownerOf(reader, call, name);
  if (owner.kind === 'user') return owner.user;
  throw NoSuchEntity('Login Profile for User root cannot be found.');
}

/**
 * Access of a user to its own password. Where the account lets its users change it, they need no policy that does; one that
 * denies it holds. AWS doc: id_credentials_passwords_enable-user-change.html
 */
async function changingOwnPassword(call: Call): Promise<Access> {
  const { account, caller } = call;
  if (caller.kind !== 'user') return ownerAccess(call, undefined);
  const user = await call.read((reader) => findById(reader, account, 'user', caller.userId));
  const own = await entityAccess(call, 'user', user?.userName ?? caller.userName);
  return { ...own, ...(await allowedByAccount(call, 'iam:ChangePassword', own.resource)) };
}

/** What the account's password policy allows every user besides. */
export async function allowedByAccount(call: Call, action: string, resource: string): Promise<Pick<Access, 'besides'>> {
  if (call.caller.kind !== 'user') return {};
  const policy = await call.read((reader) => passwordPolicies.get(reader, call.account));
  if (!policy?.allowUsersToChangePassword) return {};
  const Statement = [{ Effect: 'Allow', Action: action, Resource: resource }];
  const document = JSON.stringify({ Version: '2012-10-17', Statement });
  return { besides: { name: 'account password policy', document } };
}

function shown(user: UserRecord, { createDate, passwordResetRequired }: LoginProfileRecord) {
  return {
    UserName: user.userName,
    CreateDate: new Date(createDate),
    PasswordResetRequired: passwordResetRequired,
  };
}

/** AWS doc: API_CreateLoginProfile.html, needed but for sessions of AssumeRoot. Ours: the sentence, as of any member. */
function noPassword() {
  const sentence = "Value null at 'password' failed to satisfy constraint: Member must not be null";
  return commonError('validation', 'query', `1 validation error detected: ${sentence}`);
}

/** Ours: code and sentence; AWS's are not known, and its model has none for it. */
function wrongPassword() {
  return commonError('accessDenied', 'query', 'The old password was incorrect.', { reason: 'wrongPassword' });
}
