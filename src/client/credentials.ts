// Credentials as the AWS SDK for JavaScript v3 takes them. Its types are met by form: the library depends on nothing.
import type { RolesAnywhereOptions } from './options.ts';
import { keepSession } from './provider.ts';
import type { Session } from './session.ts';

/** What the SDK calls AwsCredentialIdentity. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId: string;
};

/** What the SDK calls AwsCredentialIdentityProvider: it may ask for new ones. */
export type CredentialProvider = (properties?: { readonly forceRefresh?: boolean }) => Promise<Credentials>;

/**
 * A provider for the `credentials` of any client of the SDK. One provider keeps one session, however many clients and
 * callers share it. Rejects with RolesAnywhereError.
 */
export function fromRolesAnywhere(options: RolesAnywhereOptions): CredentialProvider {
  const keeper = keepSession(options);
  return async (properties) => credentialsOf(await keeper.session(properties));
}

/** The session's credentials alone. */
export function credentialsOf(session: Session): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } = session;
  return { accessKeyId, secretAccessKey, sessionToken, expiration, accountId };
}
