// OpenID Connect providers: the issuers whose identity tokens an account takes, for whom, and by which certificates.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
import { list, nothing, optional, required, string, structure, timestamp } from '../../contract/shape.ts';
import type { Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { countOf, deleteCounted, putCounted } from '../counts.ts';
import { creatingOidcProvider, oidcProviderAccess } from './access.ts';
import { ofWholeAccount } from './account-aliases.ts';
import { ofAccount } from './documents.ts';
import { EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import {
  changedProvider,
  foundProvider,
  issuerName,
  type OidcProviderRecord,
  oidcProviderArn,
  oidcProviderKey,
  oidcProviders,
  providerOf,
} from './oidc-provider-records.ts';
import { checkProviderUrl } from './oidc-url.ts';
import { checkQuota } from './quotas.ts';
import { Arn, TagList } from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const Url = string({ min: 1, max: 255 });
const ClientId = string({ min: 1, max: 255 });
const Thumbprint = string({ min: 40, max: 40 });
const providerArn = { OpenIDConnectProviderArn: required(Arn, { doc: 'The ARN of the provider.' }) };
const clientId = { ClientID: required(ClientId, { doc: 'The audience, as tokens name it in `aud`.' }) };

export const CreateOpenIDConnectProvider = operation({
  doc: 'Makes an issuer of identity tokens known to the account.',
  effect: 'write',
  errors: [InvalidInput, EntityAlreadyExists, LimitExceeded],
  input: structure({
    Url: required(Url, { doc: 'The issuer, as tokens name it in `iss`: `https://`, a host, and a path or none.' }),
    ClientIDList: optional(list(ClientId), { doc: 'The audiences that are taken, at most 100.' }),
    ThumbprintList: optional(list(Thumbprint), {
      doc: 'SHA-1 of certificates that may stand for the issuer besides the well-known authorities, at most 5.',
    }),
    Tags: optional(TagList, { doc: 'Tags of the new provider.' }),
  }),
  output: structure({
    OpenIDConnectProviderArn: optional(Arn, { doc: 'The ARN of the provider.' }),
    Tags: optional(TagList, { doc: 'The tags of the provider; absent where it has none.' }),
  }),
  access: ({ Url: url, Tags: tags }, call) => creatingOidcProvider(call, url, tags),
  async run({ Url: url, ClientIDList: clientIds = [], ThumbprintList = [], Tags }, call) {
    checkProviderUrl(url, call.settings.allowLoopbackIssuers);
    const thumbprints = checkedThumbprints(ThumbprintList);
    checkClientIds(clientIds);
    checkTags(Tags);
    const record: OidcProviderRecord = {
      arn: oidcProviderArn(call.account, url, call.partition),
      url,
      clientIds: [...new Set(clientIds)],
      thumbprints,
      tags: merged([], Tags),
      createDate: call.now.toISOString(),
    };
    return call.write(async (writer) => {
      await putNewProvider(writer, call, record);
      return { OpenIDConnectProviderArn: record.arn, ...(record.tags.length === 0 ? {} : { Tags: record.tags }) };
    });
  },
});

export const GetOpenIDConnectProvider = operation({
  doc: 'Gets a provider.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(providerArn),
  output: structure({
    Url: optional(Url, { doc: 'The issuer without `https://`.' }),
    ClientIDList: optional(list(ClientId), { doc: 'The audiences that are taken.' }),
    ThumbprintList: optional(list(Thumbprint), { doc: 'SHA-1 of certificates, in small letters.' }),
    CreateDate: optional(timestamp, { doc: 'When the provider was made.' }),
    Tags: optional(TagList, { doc: 'The tags of the provider, in the order of their keys.' }),
  }),
  access: async (input, call) => [await oidcProviderAccess(call, input.OpenIDConnectProviderArn)],
  run: ({ OpenIDConnectProviderArn: arn }, call) =>
    call.read(async (reader) => {
      const { url, clientIds, thumbprints, createDate, tags } = await foundProvider(reader, call, arn);
      return {
        Url: issuerName(url),
        ClientIDList: clientIds,
        ThumbprintList: thumbprints,
        CreateDate: new Date(createDate),
        Tags: tags,
      };
    }),
});

export const ListOpenIDConnectProviders = operation({
  doc: "Lists the account's providers in the order of their URLs.",
  effect: 'read',
  errors: [],
  input: structure({}),
  output: structure({
    OpenIDConnectProviderList: optional(list(structure({ Arn: optional(Arn, { doc: 'The ARN.' }) })), {
      doc: 'The providers.',
    }),
  }),
  access: ofWholeAccount,
  run: (_input, call) =>
    call.read(async (reader) => {
      // INVARIANT: the settings let a thousand be at most; AWS gives no pages here.
      const entries = await oidcProviders.list(reader, { prefix: ofAccount(call.account), limit: 1000 });
      return { OpenIDConnectProviderList: entries.map(({ document: record }) => ({ Arn: record.arn })) };
    }),
});

export const UpdateOpenIDConnectProviderThumbprint = operation({
  doc: "Replaces a provider's thumbprints.",
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    ...providerArn,
    ThumbprintList: required(list(Thumbprint), { doc: 'SHA-1 of certificates, 1–5.' }),
  }),
  output: nothing,
  access: async (input, call) => [await oidcProviderAccess(call, input.OpenIDConnectProviderArn)],
  async run({ OpenIDConnectProviderArn: arn, ThumbprintList: given }, call) {
    const thumbprints = checkedThumbprints(given);
    // Ours: the sentence, after the one for too many.
    if (thumbprints.length === 0) throw InvalidInput('Thumbprint list must contain at least 1 entry.');
    return changed(call, arn, (provider) => ({ ...provider, thumbprints }));
  },
});

export const AddClientIDToOpenIDConnectProvider = operation({
  doc: 'Adds an audience to those that are taken; one that is there is no error.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, LimitExceeded],
  input: structure({ ...providerArn, ...clientId }),
  output: nothing,
  access: async (input, call) => [await oidcProviderAccess(call, input.OpenIDConnectProviderArn)],
  run: ({ OpenIDConnectProviderArn: arn, ClientID: added }, call) =>
    changed(call, arn, (provider) => {
      const clientIds = [...new Set([...provider.clientIds, added])];
      checkClientIds(clientIds);
      return { ...provider, clientIds };
    }),
});

export const RemoveClientIDFromOpenIDConnectProvider = operation({
  doc: 'Removes an audience from those that are taken; one that is not there is no error.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...providerArn, ...clientId }),
  output: nothing,
  access: async (input, call) => [await oidcProviderAccess(call, input.OpenIDConnectProviderArn)],
  run: ({ OpenIDConnectProviderArn: arn, ClientID: removed }, call) =>
    changed(call, arn, (provider) => ({ ...provider, clientIds: provider.clientIds.filter((id) => id !== removed) })),
});

export const DeleteOpenIDConnectProvider = operation({
  doc: 'Deletes a provider: its tokens are good for nothing from the next request on. One that is not there is no error.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(providerArn),
  output: nothing,
  access: async (input, call) => [await oidcProviderAccess(call, input.OpenIDConnectProviderArn)],
  run: ({ OpenIDConnectProviderArn: arn }, call) =>
    call.write(async (writer) => {
      const provider = await providerOf(writer, call, arn);
      if (provider === undefined) return {};
      await deleteCounted(writer, oidcProviders, ofAccount(call.account), issuerName(provider.url));
      return {};
    }),
});

async function putNewProvider(writer: Writer, call: Call, record: OidcProviderRecord): Promise<void> {
  const place = ofAccount(call.account);
  if (await oidcProviders.get(writer, oidcProviderKey(call.account, record.url))) {
    // AWS seen: 2023-02-24, the sentence.
    throw EntityAlreadyExists(`Provider with url ${record.url} already exists.`);
  }
  checkQuota(call, 'OpenIdConnectProvidersPerAccount', (await countOf(writer, oidcProviders, place)) + 1);
  await putCounted(writer, oidcProviders, place, issuerName(record.url), record);
}

function changed(call: Call, arn: string, change: (provider: OidcProviderRecord) => OidcProviderRecord) {
  return call.write(async (writer) => {
    await changedProvider(writer, call, arn, change);
    return {};
  });
}

const maxThumbprints = 5;
const maxClientIds = 100;

/**
 * The thumbprints in small letters, each once. AWS seen: the sentence, which says less than it lets be; letters are not looked
 * at, and what is no SHA-1 is that of no certificate.
 */
function checkedThumbprints(given: readonly string[]): readonly string[] {
  if (given.length > maxThumbprints) throw InvalidInput('Thumbprint list must contain fewer than 5 entries.');
  return [...new Set(given.map((thumbprint) => thumbprint.toLowerCase()))];
}

/** AWS seen: the sentence. AWS doc: the quota, which is not adjustable. */
function checkClientIds(ids: readonly string[]): void {
  if (ids.length > maxClientIds) {
    throw LimitExceeded(`Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${maxClientIds}`);
  }
}
