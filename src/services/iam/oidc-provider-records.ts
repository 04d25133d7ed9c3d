// OpenID Connect providers: the issuers whose identity tokens an account takes.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
import { commonError } from '../../contract/error.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { formatArn, parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { collection } from '../records.ts';
import type { Tag } from './documents.ts';
import { NoSuchEntity } from './errors.ts';

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

/**
 * The account's provider of this very ARN, or undefined; throws where the text is no provider's ARN.
 * AWS seen: the first sentence, of policies; the second, by other servers that were compared with it.
 */
export async function providerOf(reader: Reader, call: Call, text: string): Promise<OidcProviderRecord | undefined> {
  const arn = parseArn(text);
  if (arn === undefined) throw commonError('validation', 'query', 'Invalid ARN:  Could not be parsed!');
  const [kind, ...rest] = arn.resource.split('/');
  if (kind !== 'oidc-provider' || rest.length === 0) {
    throw commonError('validation', 'query', 'Invalid resource type in ARN');
  }
  const provider = await oidcProviders.get(reader, `${call.account}/${rest.join('/')}`);
  return provider?.arn === text ? provider : undefined;
}

/** The provider, or NoSuchEntity. AWS seen: the sentence. */
export async function foundProvider(reader: Reader, call: Call, arn: string): Promise<OidcProviderRecord> {
  const provider = await providerOf(reader, call, arn);
  if (provider === undefined) throw NoSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

/** Reads, changes and writes one provider, all but its URL; gives the new one. */
export async function changedProvider(
  writer: Writer,
  call: Call,
  arn: string,
  change: (provider: OidcProviderRecord) => OidcProviderRecord,
): Promise<OidcProviderRecord> {
  const provider = change(await foundProvider(writer, call, arn));
  await oidcProviders.put(writer, oidcProviderKey(call.account, provider.url), provider);
  return provider;
}
