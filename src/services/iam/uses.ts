// When access keys and roles were last used: written now and then, many together, and only of what is still there.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html and API_RoleLastUsed.html
import type { Writer } from '../../store/store.ts';
import { type AccessKeyUse, accessKeys, accessKeyUses, keyOf, roles, roleUses } from './documents.ts';

/** A request that an access key, or a session of a role, signed. */
export type Use = AccessKeyUse &
  (
    | { readonly kind: 'accessKey'; readonly accessKeyId: string }
    | { readonly kind: 'role'; readonly account: string; readonly roleName: string; readonly roleId: string }
  );

/** What was used, the same for each of its uses. */
export function usedOf(use: Use): string {
  return use.kind === 'accessKey' ? use.accessKeyId : `${use.account}/${use.roleId}`;
}

/** Writes the use where its key or role is still there, and no later one is written. */
export async function writeUse(writer: Writer, use: Use): Promise<void> {
  const { at, region, serviceName } = use;
  const key = usedOf(use);
  switch (use.kind) {
    case 'accessKey': {
      if ((await accessKeys.get(writer, key)) === undefined) return;
      if (isLater(use, await accessKeyUses.get(writer, key))) {
        await accessKeyUses.put(writer, key, { at, region, serviceName });
      }
      return;
    }
    case 'role': {
      const role = await roles.get(writer, keyOf(use.account, use.roleName));
      if (role?.roleId !== use.roleId) return;
      if (isLater(use, await roleUses.get(writer, key))) await roleUses.put(writer, key, { at, region });
    }
  }
}

function isLater({ at }: Use, before: { readonly at: string } | undefined): boolean {
  return before === undefined || before.at < at;
}
