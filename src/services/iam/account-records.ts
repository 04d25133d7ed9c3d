// What IAM keeps of an account as a whole: its alias and its password policy.
import type { Reader, Writer } from '../../store/store.ts';
import { collection } from '../records.ts';

/** What every password of the account's users must be. Absent members of AWS's answer are null here. */
export type PasswordPolicyRecord = {
  /** Characters, 6–128. */
  readonly minimumPasswordLength: number;
  readonly requireSymbols: boolean;
  readonly requireNumbers: boolean;
  readonly requireUppercaseCharacters: boolean;
  readonly requireLowercaseCharacters: boolean;
  readonly allowUsersToChangePassword: boolean;
  /** Days, 1–1095; null: passwords do not expire. */
  readonly maxPasswordAge: number | null;
  /** Passwords that may not be used again, 1–24; null: all may. */
  readonly passwordReusePrevention: number | null;
  /** Whether only an administrator renews an expired password; null: never said. */
  readonly hardExpiry: boolean | null;
};

/** By account. INVARIANT: written together with `accountsOfAliases`. */
const aliasesOfAccounts = collection<{ readonly alias: string }>('iam/account-aliases');
/** By alias, without the account: no two accounts have the same. */
const accountsOfAliases = collection<{ readonly account: string }>('iam/aliases');
/** By account. */
export const passwordPolicies = collection<PasswordPolicyRecord>('iam/password-policies');

/** The alias of the account, or undefined. */
export async function aliasOf(reader: Reader, account: string): Promise<string | undefined> {
  return (await aliasesOfAccounts.get(reader, account))?.alias;
}

/** Whether any account has the alias. */
export async function isTaken(reader: Reader, alias: string): Promise<boolean> {
  return (await accountsOfAliases.get(reader, alias)) !== undefined;
}

/** Gives the account the alias, in the place of the one it had; undefined: none. */
export async function setAlias(writer: Writer, account: string, alias: string | undefined): Promise<void> {
  const before = await aliasOf(writer, account);
  if (before !== undefined) await accountsOfAliases.delete(writer, before);
  if (alias === undefined) return aliasesOfAccounts.delete(writer, account);
  await accountsOfAliases.put(writer, alias, { account });
  await aliasesOfAccounts.put(writer, account, { alias });
}
