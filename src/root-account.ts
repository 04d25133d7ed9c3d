// The first account and its root key: given by the operator, or made at the first start and shown once. A given key takes
// the place of every other root key of the account, so that one that leaked is gone with the next start.
import type { Config } from './config.ts';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf } from './core/session/credentials.ts';
import { type Keyring, nonceBytes, type RandomBytes, seal } from './keyring.ts';
import { purposes } from './services/call.ts';
import { accessKeys, accessKeyUses, accounts, keysOfOwners, under } from './services/iam/records.ts';
import type { Store, Writer } from './store/store.ts';

export type NewRootKey = { readonly accessKeyId: string; readonly secretAccessKey: string };

type Means = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly randomBytes: RandomBytes;
  readonly now: Date;
};

/** Makes the account unless it exists; a given root key is put in its place, an absent one made with a new account. */
export async function ensureAccount(
  means: Means,
  { accountId: wanted, rootKey, makeRootKey = false }: Pick<Config, 'accountId' | 'rootKey' | 'makeRootKey'>,
): Promise<{ readonly accountId: string; readonly newRootKey: NewRootKey | undefined }> {
  const made = {
    accountId: twelveDigits(means.randomBytes),
    random: means.randomBytes(identifierBytes),
    secret: secretAccessKeyOf(means.randomBytes(30)),
  };
  return means.store.write(async (writer) => {
    const accountId = wanted ?? (await eldestAccount(writer)) ?? made.accountId;
    const exists = (await accounts.get(writer, accountId)) !== undefined;
    if (!exists) await accounts.put(writer, accountId, { account: accountId, createdAt: means.now.toISOString() });
    const newRootKey = (makeRootKey || !exists) && rootKey === undefined ? keyOf(accountId, made) : undefined;
    const key = rootKey ?? newRootKey;
    for (const accessKeyId of exists ? await rootKeysOf(writer, accountId) : []) {
      if (rootKey !== undefined && accessKeyId !== rootKey.accessKeyId) await forget(writer, accountId, accessKeyId);
      else await keysOfOwners.put(writer, under(accountId, accountId) + accessKeyId, { accessKeyId });
    }
    if (key !== undefined) await putKey(writer, means, accountId, key);
    return { accountId, newRootKey };
  });
}

async function eldestAccount(writer: Writer): Promise<string | undefined> {
  const all = (await accounts.list(writer, { prefix: '', limit: 1000 })).map(({ document: record }) => record);
  return all.sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))[0]?.account;
}

async function forget(writer: Writer, account: string, accessKeyId: string): Promise<void> {
  await accessKeys.delete(writer, accessKeyId);
  await accessKeyUses.delete(writer, accessKeyId);
  await keysOfOwners.delete(writer, under(account, account) + accessKeyId);
}

/** The account's root keys: by looking at every key, for those of earlier versions stand in no list. */
async function rootKeysOf(writer: Writer, account: string): Promise<readonly string[]> {
  const limit = 1000;
  const found: string[] = [];
  for (let after: string | undefined; ; ) {
    const keys = await accessKeys.list(writer, { prefix: '', limit, ...(after === undefined ? {} : { after }) });
    for (const { key, document: record } of keys) {
      if (record.account === account && record.owner === 'root') found.push(key);
    }
    if (keys.length < limit) return found;
    after = keys.at(-1)?.key;
  }
}

async function putKey(writer: Writer, means: Means, account: string, key: NewRootKey): Promise<void> {
  const { accessKeyId } = key;
  const { keyring, randomBytes, now } = means;
  const sealed = seal(keyring, purposes.accessKey, Buffer.from(key.secretAccessKey), randomBytes(nonceBytes));
  const before = await accessKeys.get(writer, accessKeyId);
  // A key id that was somebody else's is theirs no more.
  if (before !== undefined) await keysOfOwners.delete(writer, under(before.account, before.userId) + accessKeyId);
  await accessKeys.put(writer, accessKeyId, {
    accessKeyId,
    account,
    sealedSecret: Buffer.from(sealed).toString('base64'),
    owner: 'root',
    userId: account,
    status: 'Active',
    createDate: before?.createDate ?? now.toISOString(),
  });
  await keysOfOwners.put(writer, under(account, account) + accessKeyId, { accessKeyId });
}

type Random = { readonly random: Uint8Array; readonly secret: string };

function keyOf(account: string, { random, secret }: Random): NewRootKey {
  return { accessKeyId: accessKeyIdOf('AKIA', account, random), secretAccessKey: secret };
}

/** An account id that does not begin with a zero, as AWS's do not always: people paste it into spreadsheets. */
function twelveDigits(randomBytes: RandomBytes): string {
  const digits = Array.from(randomBytes(12), (byte) => byte % 10);
  return `${(digits[0] ?? 0) || 1}${digits.slice(1).join('')}`;
}
