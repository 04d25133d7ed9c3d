// The account's password policy: what the passwords of its users must be. Where none is set, AWS's default holds, which no
// operation shows.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
import { boolean, integer, nothing, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { ofWholeAccount } from './account-aliases.ts';
import { type PasswordPolicyRecord, passwordPolicies } from './account-records.ts';
import { NoSuchEntity } from './errors.ts';
import { allowedByAccount } from './login-profiles.ts';

/** What a request may set and an answer shows. */
const demands = {
  MinimumPasswordLength: optional(integer({ min: 6, max: 128 }), { doc: 'Characters at least. Absent: 6.' }),
  RequireSymbols: optional(boolean, { doc: 'Whether a symbol is needed. Absent: no.' }),
  RequireNumbers: optional(boolean, { doc: 'Whether a digit is needed. Absent: no.' }),
  RequireUppercaseCharacters: optional(boolean, { doc: 'Whether a capital letter is needed. Absent: no.' }),
  RequireLowercaseCharacters: optional(boolean, { doc: 'Whether a small letter is needed. Absent: no.' }),
  AllowUsersToChangePassword: optional(boolean, {
    doc: 'Whether users change their own without a policy. Absent: no.',
  }),
};
const ages = {
  MaxPasswordAge: optional(integer({ min: 1, max: 1095 }), { doc: 'Days a password lasts. Absent: for ever.' }),
  PasswordReusePrevention: optional(integer({ min: 1, max: 24 }), {
    doc: 'Passwords that may not be used again. Absent: none.',
  }),
  HardExpiry: optional(boolean, { doc: 'Whether only an administrator renews an expired password. Absent: no.' }),
};

export const UpdateAccountPasswordPolicy = operation({
  doc: "Sets the account's password policy as a whole: what is not given has its default again.",
  effect: 'write',
  errors: [],
  input: structure({ ...demands, ...ages }),
  output: nothing,
  access: ofWholeAccount,
  run: (input, call) =>
    call.write(async (writer) => {
      await passwordPolicies.put(writer, call.account, {
        minimumPasswordLength: input.MinimumPasswordLength ?? 6,
        requireSymbols: input.RequireSymbols ?? false,
        requireNumbers: input.RequireNumbers ?? false,
        requireUppercaseCharacters: input.RequireUppercaseCharacters ?? false,
        requireLowercaseCharacters: input.RequireLowercaseCharacters ?? false,
        allowUsersToChangePassword: input.AllowUsersToChangePassword ?? false,
        maxPasswordAge: input.MaxPasswordAge ?? null,
        passwordReusePrevention: input.PasswordReusePrevention ?? null,
        hardExpiry: input.HardExpiry ?? null,
      });
      return {};
    }),
});

const PasswordPolicy = structure({
  ...demands,
  ExpirePasswords: optional(boolean, { doc: 'Whether passwords expire.' }),
  ...ages,
});

export const GetAccountPasswordPolicy = operation({
  doc: "Gets the account's password policy, where one is set.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({}),
  output: structure({ PasswordPolicy: required(PasswordPolicy, { doc: 'The policy.' }) }),
  // AWS doc: id_credentials_passwords_enable-user-change.html, who may change its password may read what it must be.
  access: async (_input, call) => [
    { resource: '*', ...(await allowedByAccount(call, 'iam:GetAccountPasswordPolicy', '*')) },
  ],
  async run(_input, call) {
    const policy = await call.read((reader) => passwordPolicies.get(reader, call.account));
    // AWS seen: 2021-05-05, 2022-09-13 and later, the sentence.
    if (policy === undefined)
      throw NoSuchEntity(`The Password Policy with domain name ${call.account} cannot be found.`);
    return { PasswordPolicy: shown(policy) };
  },
});

export const DeleteAccountPasswordPolicy = operation({
  doc: "Deletes the account's password policy: AWS's default holds again.",
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({}),
  output: nothing,
  access: ofWholeAccount,
  run: (_input, call) =>
    call.write(async (writer) => {
      if ((await passwordPolicies.get(writer, call.account)) === undefined) {
        // Ours: the sentence, as other servers have it.
        throw NoSuchEntity('The account policy with name PasswordPolicy cannot be found.');
      }
      await passwordPolicies.delete(writer, call.account);
      return {};
    }),
});

/** AWS seen: 2022-09-13, of a policy that only defaults were given: no age, no reuse, no hard expiry. */
function shown(policy: PasswordPolicyRecord): ValueOf<typeof PasswordPolicy> {
  const { maxPasswordAge: age, passwordReusePrevention: reuse, hardExpiry } = policy;
  return {
    MinimumPasswordLength: policy.minimumPasswordLength,
    RequireSymbols: policy.requireSymbols,
    RequireNumbers: policy.requireNumbers,
    RequireUppercaseCharacters: policy.requireUppercaseCharacters,
    RequireLowercaseCharacters: policy.requireLowercaseCharacters,
    AllowUsersToChangePassword: policy.allowUsersToChangePassword,
    ExpirePasswords: age !== null,
    ...(age === null ? {} : { MaxPasswordAge: age }),
    ...(reuse === null ? {} : { PasswordReusePrevention: reuse }),
    ...(hardExpiry === null ? {} : { HardExpiry: hardExpiry }),
  };
}
