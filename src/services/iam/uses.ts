// When access keys and roles were last used, and services by users and roles: written now and then, many together, and only of what is still there.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html and API_RoleLastUsed.html
import type { Writer } from '../../store/store.ts';
import {
  type AccessKeyUse,
  accessKeys,
  accessKeyUses,
  keyOf,
  namesOfIds,
  roles,
  roleUses,
  serviceUses,
  under,
} from './documents.ts';

/** A request that an access key, or a session of a role or a user, signed. */
export type Use = AccessKeyUse &
  (
    | { readonly kind: 'accessKey'; readonly accessKeyId: string }
    | { readonly kind: 'user'; readonly account: string; readonly userId: string }
    | { readonly kind: 'role'; readonly account: string; readonly roleName: string; readonly roleId: string }
  );

/** What was used and for which service, the same for each of its uses. */
export function usedOf(use: Use): string {
  return `${usedThing(use)} ${use.serviceName}`;
}

function usedThing(use: Use): string {
  switch (use.kind) {
    case 'accessKey':
      return use.accessKeyId;
    case 'user':
      return `${use.account}/${use.userId}`;
    case 'role':
      return `${use.account}/${use.roleId}`;
  }
}

/** Writes the use where its key, user or role is still there, and no later one is written. */
export async function writeUse(writer: Writer, use: Use): Promise<void> {
  const { at, region, serviceName } = use;
  const key = usedThing(use);
  switch (use.kind) {
    case 'accessKey': {
      const record = await accessKeys.get(writer, key);
      if (record === undefined) return;
      if (record.owner === 'user') await writeServiceUse(writer, record.account, record.userId, use);
      if (isLater(use, await accessKeyUses.get(writer, key))) {
        await accessKeyUses.put(writer, key, { at, region, serviceName });
      }
      return;
    }
    case 'user': {
      if (await namesOfIds.get(writer, key)) await writeServiceUse(writer, use.account, use.userId, use);
      return;
    }
    case 'role': {
      const role = await roles.get(writer, keyOf(use.account, use.roleName));
      if (role?.roleId !== use.roleId) return;
      if (isLater(use, await roleUses.get(writer, key))) await roleUses.put(writer, key, { at, region });
      await writeServiceUse(writer, use.account, use.roleId, use);
    }
  }
}

/** AWS doc: access-policies_last-accessed.html, an attempt counts, and the root's are left out. */
async function writeServiceUse(writer: Writer, account: string, id: string, use: Use): Promise<void> {
  const key = under(account, id) + use.serviceName;
  const { at, region } = use;
  if (isLater(use, await serviceUses.get(writer, key))) await serviceUses.put(writer, key, { at, region });
}

function isLater({ at }: Use, before: { readonly at: string } | undefined): boolean {
  return before === undefined || before.at < at;
}
