// The passwords of users as records: digests, sealed; which ones a new password may not be; and what it must be.
import {
  digestOf,
  firstDigests,
  isAmongLatest,
  type PasswordDigests,
  saltBytes,
  withPassword,
} from '../../core/password/digests.ts';
import { type CharacterKind, type Weakness, weaknessOf } from '../../core/password/strength.ts';
import type { KeptPassword, PasswordLifetime } from '../../core/password/verdict.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, purposes } from '../call.ts';
import { collection } from '../records.ts';
import { aliasOf, type PasswordPolicyRecord, passwordPolicies } from './account-records.ts';
import { NoSuchEntity, PasswordPolicyViolation } from './errors.ts';

/** A user's password as stored. */
export type LoginProfileRecord = {
  readonly userId: string;
  /** ISO 8601 text, as is the next. */
  readonly createDate: string;
  readonly passwordLastChanged: string;
  readonly passwordResetRequired: boolean;
  /** Base64 of `PasswordDigests` as JSON, sealed for `purposes.password`: who has the store alone cannot even guess. */
  readonly sealedDigests: string;
};

/** By user id, so that a new name changes nothing. */
export const loginProfiles = collection<LoginProfileRecord>('iam/login-profiles');

export function findLoginProfile(reader: Reader, account: string, userId: string) {
  return loginProfiles.get(reader, `${account}/${userId}`);
}

/** The login profile, or NoSuchEntity. AWS seen: the sentence, of GetLoginProfile and ChangePassword. */
export async function foundLoginProfile(
  reader: Reader,
  account: string,
  { userId, userName }: { readonly userId: string; readonly userName: string },
): Promise<LoginProfileRecord> {
  const profile = await findLoginProfile(reader, account, userId);
  if (profile === undefined) throw NoSuchEntity(`Login Profile for User ${userName} cannot be found.`);
  return profile;
}

/** The digests of a login profile. Throws when they are not ours: then nobody signs in, and nothing is overwritten. */
export function digestsOf(call: Call, { sealedDigests }: LoginProfileRecord): PasswordDigests {
  const opened = call.opened(purposes.password, Buffer.from(sealedDigests, 'base64'));
  if (opened === undefined) throw new Error('the digests of a password cannot be opened');
  return JSON.parse(Buffer.from(opened).toString()); // what is sealed for this purpose is sealed below alone
}

export function sealedDigests(call: Call, digests: PasswordDigests): string {
  return call.sealed(purposes.password, Buffer.from(JSON.stringify(digests))).toString('base64');
}

/** What a sign-in asks `passwordVerdict` about. */
export function keptPassword(call: Call, profile: LoginProfileRecord): KeptPassword {
  const { passwordLastChanged, passwordResetRequired: resetRequired } = profile;
  return { digests: digestsOf(call, profile), lastChanged: new Date(passwordLastChanged), resetRequired };
}

export function lifetimeOf(policy: PasswordPolicyRecord | undefined): PasswordLifetime {
  return { maxAgeDays: policy?.maxPasswordAge ?? null, hardExpiry: policy?.hardExpiry ?? false };
}

/** What the account demands of a new password. */
export type Demands = { readonly policy: PasswordPolicyRecord | undefined; readonly names: readonly string[] };

export async function demandsOf(reader: Reader, account: string): Promise<Demands> {
  const [policy, alias] = [await passwordPolicies.get(reader, account), await aliasOf(reader, account)];
  return { policy, names: [account, ...(alias === undefined ? [] : [alias])] };
}

/**
 * The digests with a new password in force, or PasswordPolicyViolation. `held`: those of before; undefined: a first one.
 * Takes one computation of scrypt, and only for a password that is strong enough.
 */
export async function renewed(
  call: Call,
  password: string,
  { policy, names }: Demands,
  held: PasswordDigests | undefined,
): Promise<PasswordDigests> {
  const weakness = weaknessOf(password, policy && demandsIn(policy), names);
  if (weakness !== undefined) throw PasswordPolicyViolation(sentence(weakness), { reason: weakness.reason });
  if (held === undefined) return firstDigests(password, call.randomBytes(saltBytes));
  const digest = await digestOf(held, password);
  if (isAmongLatest(held, digest, policy?.passwordReusePrevention ?? 0)) {
    throw PasswordPolicyViolation(general, { reason: 'usedBefore' });
  }
  return withPassword(held, digest);
}

function demandsIn(policy: PasswordPolicyRecord) {
  const demanded: readonly (readonly [boolean, CharacterKind])[] = [
    [policy.requireUppercaseCharacters, 'uppercase'],
    [policy.requireLowercaseCharacters, 'lowercase'],
    [policy.requireNumbers, 'number'],
    [policy.requireSymbols, 'symbol'],
  ];
  const kinds = demanded.flatMap(([isDemanded, kind]) => (isDemanded ? [kind] : []));
  return { minimumLength: policy.minimumPasswordLength, kinds };
}

/** AWS seen: 2017-01-13. Ours: for what the newer sentences do not tell. */
const general = 'Password does not conform to the account password policy.';

const words: Readonly<Record<CharacterKind, string>> = {
  uppercase: 'Password should have at least one uppercase letter',
  lowercase: 'Password should have at least one lowercase letter',
  number: 'Password should have at least one number',
  symbol: 'Password should have at least one symbol',
};

/** AWS seen: the length, and the kinds of the default policy. Ours: an account's own kinds in the same words. */
function sentence(weakness: Weakness): string {
  switch (weakness.reason) {
    case 'tooShort':
      return `Password should have a minimum length of ${weakness.minimumLength}`;
    case 'accountName':
      return general;
    case 'missingKinds': {
      const { missing, needed } = weakness;
      const told = missing.map((kind) => words[kind]).join(', ');
      return needed === missing.length
        ? told
        : `Password should meet ${needed} more of the following requirements: ${told}`;
    }
  }
}
