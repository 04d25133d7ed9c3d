// What Roles Anywhere keeps, and the keys it keeps it under: account, Region, id. Ids ascend with time, so that lists are
// in the order of creation.

import type { Document, Reader, Writer } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import { type Call, whenThere } from '../call.ts';
import { addCounted, deleteCounted } from '../counts.ts';
import { type Collection, collection, type Page, page } from '../records.ts';
import { ResourceNotFoundException, ValidationException } from './errors.ts';

export type CertificateField = 'x509Subject' | 'x509Issuer' | 'x509SAN';
export type AttributeMapping = {
  readonly certificateField: CertificateField;
  readonly mappingRules: readonly { readonly specifier: string }[];
};

/**
 * The mappings of a new profile. AWS seen: CloudTrail record of CreateProfile, 2024-08-01; in this order. Made anew, since those
 * that were put are frozen: a frozen list makes the text of all around it twice as slow to write.
 */
export function defaultMappings(): readonly AttributeMapping[] {
  return [
    { certificateField: 'x509Issuer', mappingRules: [{ specifier: '*' }] },
    {
      certificateField: 'x509SAN',
      mappingRules: [{ specifier: 'DNS' }, { specifier: 'URI' }, { specifier: 'Name/*' }],
    },
    { certificateField: 'x509Subject', mappingRules: [{ specifier: '*' }] },
  ];
}

/** A profile as stored. Instants are ISO 8601 text. */
export type ProfileRecord = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly requireInstanceProperties: boolean;
  readonly enabled: boolean;
  readonly createdBy: string;
  readonly sessionPolicy: string | null;
  readonly roleArns: readonly string[];
  readonly managedPolicyArns: readonly string[];
  readonly durationSeconds: number;
  readonly acceptRoleSessionName: boolean;
  readonly attributeMappings: readonly AttributeMapping[];
  readonly tags: readonly Tag[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type Tag = { readonly key: string; readonly value: string };

export type NotificationSettingRecord = {
  readonly enabled: boolean;
  readonly event: 'CA_CERTIFICATE_EXPIRY' | 'END_ENTITY_CERTIFICATE_EXPIRY';
  readonly threshold: number | null;
  readonly channel: 'ALL';
  readonly configuredBy: string;
};

/** A trust anchor as stored. */
export type TrustAnchorRecord = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly sourceType: 'CERTIFICATE_BUNDLE' | 'AWS_ACM_PCA';
  /** PEM of the trusted certificates, ends with a newline; of a private CA, as it was when the source was set. */
  readonly x509CertificateData: string;
  /** Where the source is a private CA. */
  readonly acmPcaArn?: string;
  readonly enabled: boolean;
  readonly notificationSettings: readonly NotificationSettingRecord[];
  readonly tags: readonly Tag[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** A CRL as stored. */
export type CrlRecord = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  /** Base64 of what was imported, byte for byte. */
  readonly crlData: string;
  readonly enabled: boolean;
  readonly trustAnchorArn: string;
  readonly tags: readonly Tag[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** What CreateSession must know of a CRL before it reads it. */
export type CrlEntry = {
  readonly enabled: boolean;
  /** SHA-256 of `crlData`, lower-case hex. */
  readonly digest: string;
};

/** When something was last seen of a subject, and whether the attempt was refused. */
export type Sighting = { readonly key: string; readonly seenAt: string; readonly failed: boolean };

/**
 * A subject as stored: a distinguished name that asked for a session in this account and Region. What was seen stands in
 * a document of its own under the subject's key and the sighting's, so that a session that shows nothing new writes little.
 */
export type SubjectRecord = {
  readonly id: string;
  readonly arn: string;
  /** RFC 2253 text. */
  readonly x509Subject: string;
  readonly tags: readonly Tag[];
  /** Certificates, most recent first. */
  readonly credentials: readonly Sighting[];
  /** Sets of instance properties, most recent first. */
  readonly instanceProperties: readonly Sighting[];
  readonly createdAt: string;
  readonly lastSeenAt: string;
};

/** A certificate that a subject showed. */
export type SubjectCredential = {
  /** Decimal. */
  readonly serialNumber: string;
  /** RFC 2253 text. */
  readonly issuer: string;
  /** PEM; null for one that is too long to keep. */
  readonly x509CertificateData: string | null;
};

export const profiles = collection<ProfileRecord>('rolesanywhere/profiles');
export const trustAnchors = collection<TrustAnchorRecord>('rolesanywhere/trust-anchors');
export const crls = collection<CrlRecord>('rolesanywhere/crls');
/** The CRLs of each trust anchor, by trust anchor id and CRL id. INVARIANT: written together with `crls`. */
export const crlsOfTrustAnchors = collection<CrlEntry>('rolesanywhere/trust-anchor-crls');
export const subjects = collection<SubjectRecord>('rolesanywhere/subjects');
/** By subject and sighting, as the next. */
export const subjectCredentials = collection<SubjectCredential>('rolesanywhere/subject-credentials');
export const subjectProperties = collection<{ readonly [name: string]: string }>('rolesanywhere/subject-properties');

/** Where regional resources of the call's account stand. */
export function placeOf(call: Pick<Call, 'account' | 'region'>): string {
  return `${call.account}/${call.region}/`;
}

/** `arn:…:rolesanywhere:REGION:ACCOUNT:` and the resource. */
export function arnOf(call: Call, resource: string): string {
  const { partition, region, account } = call;
  return formatArn({ partition, service: 'rolesanywhere', region, account, resource });
}

/** More CRLs than a trust anchor can have: the settings allow a hundred. */
export const maxCrls = 1000;

/** What the keys in `crlsOfTrustAnchors` of one trust anchor's CRLs begin with. */
export function underAnchor(call: Pick<Call, 'account' | 'region'>, trustAnchorId: string): string {
  return `${placeOf(call)}${trustAnchorId}/`;
}

/** The record that an ARN names: in the account and Region of the call, or not at all. */
export async function byArn<T extends { readonly arn: string } & Document>(
  reader: Reader,
  from: Collection<T>,
  arn: string,
  call: Call,
): Promise<T | undefined> {
  const id = nameIn(arn);
  const record = id === undefined ? undefined : await from.get(reader, placeOf(call) + id);
  return record?.arn === arn ? record : undefined;
}

/** What follows an ARN's last slash, where it has the form of a name or an id: a stranger's text makes no other key. */
export function nameIn(arn: string): string | undefined {
  return /\/([\w+=,.@-]{1,64})$/.exec(arn)?.[1];
}

/** What a request asks for by its id: the record, or ResourceNotFoundException. At once, where it is remembered. */
export function asked<T extends Document>(call: Call, from: Collection<T>, id: string, kind: string): T | Promise<T> {
  return whenThere(call.find(from, placeOf(call) + id), (record) => record ?? missing(kind, id));
}

/** The record, or ResourceNotFoundException naming what was sought. */
export async function found<T extends Document>(
  reader: Reader,
  from: Collection<T>,
  call: Call,
  id: string,
  kind: string,
): Promise<T> {
  return (await from.get(reader, placeOf(call) + id)) ?? missing(kind, id);
}

function missing(kind: string, id: string): never {
  throw ResourceNotFoundException(`${kind} ${id} was not found.`);
}

/**
 * Adds a new record, or throws when the account has `quota` of them in the Region already. INVARIANT: its id is fresh, and
 * what is added here is removed by `removed` alone, so that the count stays right.
 */
export async function added<T extends { readonly id: string } & Document>(
  writer: Writer,
  to: Collection<T>,
  call: Call,
  record: T,
  { quota, plural }: { readonly quota: number; readonly plural: string },
): Promise<void> {
  await addCounted(writer, to, placeOf(call), record.id, record, (count) => {
    if (count <= quota) return;
    // Ours: AWS's error is not known; this is the only one of its model that can tell.
    const sentence = `The quota is reached: at most ${quota} ${plural} per account and Region.`;
    throw ValidationException(sentence, { reason: 'quotaReached', quota });
  });
}

/** Reads, changes and writes one record; gives the new one. */
export async function changed<T extends Document>(
  writer: Writer,
  from: Collection<T>,
  call: Call,
  id: string,
  kind: string,
  change: (record: T) => T,
): Promise<T> {
  const record = change(await found(writer, from, call, id, kind));
  await from.put(writer, placeOf(call) + id, record);
  return record;
}

/** Removes one record; gives its last state. */
export async function removed<T extends Document>(
  writer: Writer,
  from: Collection<T>,
  call: Call,
  id: string,
  kind: string,
): Promise<T> {
  const record = await found(writer, from, call, id, kind);
  await deleteCounted(writer, from, placeOf(call), id);
  return record;
}

// Ours: AWS documents neither a default nor a maximum page size; its own CloudFormation code asks for 50.
const defaultPageSize = 50;
const maxPageSize = 100;

/** One page of the account's records in the Region, in the order of their ids: for most, of creation. */
export async function listed<T extends Document>(
  call: Call,
  from: Collection<T>,
  { nextToken, pageSize = defaultPageSize }: { readonly nextToken?: string; readonly pageSize?: number },
  max = maxPageSize,
): Promise<Page<T>> {
  if (pageSize < 1)
    throw ValidationException(
      `1 validation error detected: Value '${pageSize}' at 'pageSize' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    );
  const size = Math.min(pageSize, max);
  const query = { collection: from, prefix: placeOf(call), token: nextToken, size };
  const answer = await call.read((reader) => page(call, reader, query));
  if (answer === undefined) throw ValidationException('Invalid nextToken.');
  return answer;
}
