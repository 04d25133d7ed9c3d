// OpenID Connect providers: the issuers whose identity tokens an account takes.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
import type { Reader } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import { collection } from '../records.ts';
import type { Tag } from './documents.ts';

export type OidcProviderRecord = {
  /** `arn:…:iam::ACCOUNT:oidc-provider/` and the URL without its scheme. */
  readonly arn: string;
  /** As tokens name it in `iss`, scheme and all. */
  readonly url: string;
  /** The audiences that are taken. */
  readonly clientIds: readonly string[];
  /** SHA-1 of certificates, 40 lower-case hex digits each. */
  readonly thumbprints: readonly string[];
  /** Ascending by key. */
  readonly tags: readonly Tag[];
  /** ISO 8601 text. */
  readonly createDate: string;
};

/** By account and URL without its scheme: an account has one provider of a URL. */
export const oidcProviders = collection<OidcProviderRecord>('iam/oidc-providers');

/** The URL without its scheme: the end of the provider's ARN, and what its condition keys begin with. */
export function issuerName(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

export function oidcProviderKey(account: string, url: string): string {
  return `${account}/${issuerName(url)}`;
}

export function oidcProviderArn(account: string, url: string, partition = 'aws'): string {
  const resource = `oidc-provider/${issuerName(url)}`;
  return formatArn({ partition, service: 'iam', region: '', account, resource });
}

/** The provider of this very issuer, or undefined. */
export async function findOidcProvider(
  reader: Reader,
  account: string,
  issuer: string,
): Promise<OidcProviderRecord | undefined> {
  const provider = await oidcProviders.get(reader, oidcProviderKey(account, issuer));
  return provider?.url === issuer ? provider : undefined;
}
