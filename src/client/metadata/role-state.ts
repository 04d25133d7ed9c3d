// What a binding has to give at a moment: credentials of its role, or why there are none. The documents of the metadata
// service and of the container endpoint are written from it.

/** Temporary credentials. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
};

export type InstanceProfileName = { readonly arn: string; readonly id: string };

export type Role = { readonly arn: string; readonly name: string };

/**
 * - `granted`: the credentials were good when they were made; whoever gives them out looks at their end.
 * - `unauthorized`: the role may not be assumed, by its trust policy or by CreateSession's word.
 * - `withoutRole`, `profileNotFound`: what became of the instance profile.
 * - `unavailable`: credentials could not be had, and none are left from before.
 */
export type RoleState = { readonly lastUpdated: Date } & (
  | {
      readonly kind: 'granted';
      readonly role: Role;
      readonly credentials: Credentials;
      readonly profile?: InstanceProfileName;
    }
  | { readonly kind: 'unauthorized'; readonly role: Role; readonly profile?: InstanceProfileName }
  | { readonly kind: 'withoutRole'; readonly profile: InstanceProfileName }
  | { readonly kind: 'profileNotFound'; readonly profileId: string }
  | { readonly kind: 'unavailable'; readonly role?: Role; readonly profile?: InstanceProfileName }
);

/** The role of an ARN; its name is what follows the last slash. Undefined where the ARN is not a role's. */
export function roleOf(arn: string): Role | undefined {
  const [, name] = /^arn:[^:]+:iam::\d{12}:role\/(?:[!-~]+\/)?([\w+=,.@-]+)$/.exec(arn) ?? [];
  return name === undefined ? undefined : { arn, name };
}
