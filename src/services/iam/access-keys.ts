// Access keys: the permanent ones of users and of the account itself. A secret is shown once, sealed before it is kept, and
// in no log and no audit event.
import { commonError } from '../../contract/error.ts';
import type { Access } from '../../contract/operation.ts';
import { list, nothing, oneOf, optional, required, string, structure, timestamp } from '../../contract/shape.ts';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf } from '../../core/session/credentials.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, isSigner, operation, purposes } from '../call.ts';
import { entityAccess, lawful } from './access.ts';
import { type AccessKeyRecord, accessKeys, accessKeyUses, iamArn, keysOfOwners, under } from './documents.ts';
import { findById } from './entities.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import { type Owner, ownerAccess, ownerOf } from './owner.ts';
import { sliced } from './pages.ts';
import { checkQuota } from './quotas.ts';
import { AccessKeyId, ExistingUserName, pageMembers, pageOutput, UserName } from './shapes.ts';

const whose = {
  UserName: optional(ExistingUserName, { doc: 'Whose key it is, in any case. Absent: the caller.' }),
};
const accessKeyId = { AccessKeyId: required(AccessKeyId, { doc: 'The access key id.' }) };
const Status = oneOf('Active', 'Inactive', 'Expired');
const shownName = optional(UserName, { doc: 'The name of the user; of root, none.' });

export const CreateAccessKey = operation({
  doc: 'Makes an access key; the answer alone shows its secret.',
  effect: 'write',
  errors: [NoSuchEntity, LimitExceeded],
  input: structure(whose),
  output: structure({
    AccessKey: required(
      structure({
        UserName: shownName,
        ...accessKeyId,
        Status: required(Status, { doc: 'Active, as every new key is.' }),
        SecretAccessKey: required(string({ sensitive: true }), { doc: 'The secret, which nobody can read again.' }),
        CreateDate: optional(timestamp, { doc: 'When the key was made.' }),
      }),
      { doc: 'The key.' },
    ),
  }),
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  async run(input, call) {
    const id = accessKeyIdOf('AKIA', call.account, call.randomBytes(identifierBytes));
    const secret = secretAccessKeyOf(call.randomBytes(30));
    const sealedSecret = call.sealed(purposes.accessKey, Buffer.from(secret)).toString('base64');
    return call.write(async (writer) => {
      const { account } = call;
      const owner = await ownerOf(writer, call, input.UserName);
      // Ours: root's keys are counted as a user's; AWS, too, lets root have two.
      checkQuota(call, 'AccessKeysPerUser', (await keysOf(writer, account, owner)).length + 1);
      // Once in five hundred thousand million: the client asks again.
      if (await accessKeys.get(writer, id)) throw new Error('the access key id is taken');
      await accessKeys.put(writer, id, {
        accessKeyId: id,
        account,
        sealedSecret,
        owner: owner.kind,
        userId: owner.userId,
        status: 'Active',
        createDate: call.now.toISOString(),
      });
      await keysOfOwners.put(writer, under(account, owner.userId) + id, { accessKeyId: id });
      const key = { AccessKeyId: id, Status: 'Active' as const, SecretAccessKey: secret, CreateDate: call.now };
      return { AccessKey: { ...nameOf(owner), ...key } };
    });
  },
});

const AccessKeyMetadata = structure({
  UserName: shownName,
  AccessKeyId: optional(AccessKeyId, { doc: 'The access key id.' }),
  Status: optional(Status, { doc: 'Whether the key proves anything.' }),
  CreateDate: optional(timestamp, { doc: 'When the key was made.' }),
});

export const ListAccessKeys = operation({
  doc: "Lists a user's access keys, the eldest first, without their secrets.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ ...whose, ...pageMembers }),
  output: structure({ AccessKeyMetadata: required(list(AccessKeyMetadata), { doc: 'The keys.' }), ...pageOutput }),
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const owner = await ownerOf(reader, call, input.UserName);
      const keys = await keysOf(reader, call.account, owner);
      const { records, shown } = sliced(call, `access keys of ${owner.userId}`, keys, input);
      const listed = records.map((key) => ({
        ...nameOf(owner),
        AccessKeyId: key.accessKeyId,
        Status: key.status,
        CreateDate: new Date(key.createDate),
      }));
      return { AccessKeyMetadata: listed, ...shown };
    }),
});

export const GetAccessKeyLastUsed = operation({
  doc: 'Tells when, where and for which service an access key was last used.',
  effect: 'read',
  errors: [],
  input: structure(accessKeyId),
  output: structure({
    UserName: optional(ExistingUserName, { doc: 'Whose key it is; of root, absent.' }),
    AccessKeyLastUsed: optional(
      structure({
        LastUsedDate: optional(timestamp, { doc: 'When; absent of a key that was never used.' }),
        ServiceName: required(string(), { doc: 'The service, `iam`, or `N/A`.' }),
        Region: required(string(), { doc: 'The Region, or `N/A`.' }),
      }),
      { doc: 'The last use.' },
    ),
  }),
  access: async (input, call) => [await keyAccess(call, input.AccessKeyId)],
  run: ({ AccessKeyId: id }, call) =>
    call.read(async (reader) => {
      const key = await keyOfAccount(reader, call, id);
      if (key === undefined) throw noSuchKey(call, id);
      const user = await findById(reader, call.account, 'user', key.userId);
      const use = await accessKeyUses.get(reader, id);
      return {
        ...(user && { UserName: user.userName }),
        AccessKeyLastUsed: {
          ...(use && { LastUsedDate: new Date(use.at) }),
          // AWS doc: API_AccessKeyLastUsed.html, of a key that was never used.
          ServiceName: use?.serviceName ?? 'N/A',
          Region: use?.region ?? 'N/A',
        },
      };
    }),
});

export const UpdateAccessKey = operation({
  doc: 'Activates an access key, or deactivates it: then it proves nothing from the next request on.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...whose, ...accessKeyId, Status: required(Status, { doc: 'The new status.' }) }),
  output: nothing,
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  async run({ UserName: name, AccessKeyId: id, Status: status }, call) {
    // Ours: the sentence; the model has the word, and AWS documents that no request sets it.
    if (status === 'Expired') throw InvalidInput('The status of an access key must be Active or Inactive.');
    return call.write(async (writer) => {
      const key = await foundKey(writer, call.account, await ownerOf(writer, call, name), id);
      await accessKeys.put(writer, id, { ...key, status });
      return {};
    });
  },
});

export const DeleteAccessKey = operation({
  doc: 'Deletes an access key: it proves nothing from the next request on.',
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({ ...whose, ...accessKeyId }),
  output: nothing,
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  run: ({ UserName: name, AccessKeyId: id }, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const { userId } = await foundKey(writer, account, await ownerOf(writer, call, name), id);
      await accessKeys.delete(writer, id);
      await keysOfOwners.delete(writer, under(account, userId) + id);
      await accessKeyUses.delete(writer, id);
      return {};
    }),
});

function nameOf(owner: Owner) {
  return owner.kind === 'user' ? { UserName: owner.user.userName } : {};
}

const byAge = (one: AccessKeyRecord, other: AccessKeyRecord) =>
  one.createDate === other.createDate ? 0 : one.createDate < other.createDate ? -1 : 1;

/** The access keys of an owner, the eldest first. INVARIANT: the settings let a user have a hundred at most. */
export async function keysOf(
  reader: Reader,
  account: string,
  { userId }: Pick<Owner, 'userId'>,
): Promise<readonly AccessKeyRecord[]> {
  const entries = await keysOfOwners.list(reader, { prefix: under(account, userId), limit: 1000 });
  const keys = await Promise.all(entries.map(({ document: record }) => accessKeys.get(reader, record.accessKeyId)));
  return keys.flatMap((key) => (key === undefined ? [] : [key])).sort(byAge);
}

/** The owner's key. AWS seen: the sentence, also for a key of somebody else's. */
async function foundKey(reader: Reader, account: string, owner: Owner, id: string): Promise<AccessKeyRecord> {
  const key = await accessKeys.get(reader, id);
  if (key === undefined || key.account !== account || key.userId !== owner.userId) {
    throw NoSuchEntity(`The Access Key with id ${id} cannot be found.`);
  }
  return key;
}

/** The key where it is one of the account's. */
async function keyOfAccount(reader: Reader, { account }: Call, id: string): Promise<AccessKeyRecord | undefined> {
  const key = await accessKeys.get(reader, id);
  return key?.account === account ? key : undefined;
}

/** Access to whose key it is. AWS seen: of a key that is not the account's, `access key ID`, which is no ARN. */
async function keyAccess(call: Call, asked: string | undefined): Promise<Access> {
  const id = lawful(AccessKeyId, asked) ?? '*';
  const [key, user] = await call.read(async (reader) => {
    const found = await keyOfAccount(reader, call, id);
    return [found, found && (await findById(reader, call.account, 'user', found.userId))];
  });
  if (user !== undefined) return entityAccess(call, 'user', user.userName);
  return { resource: key === undefined ? `access key ${id}` : iamArn(call, 'root') };
}

/** AWS seen: a key that is not the account's is denied to everybody, root included. */
function noSuchKey({ caller }: Call, id: string) {
  const who = isSigner(caller) ? caller.arn : 'anonymous';
  const sentence = `User: ${who} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key ${id}`;
  return commonError('accessDenied', 'query', sentence, { reason: 'noAccessKey', accessKeyId: id });
}
