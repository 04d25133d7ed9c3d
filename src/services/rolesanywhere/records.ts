// What Roles Anywhere keeps, and the keys it keeps it under: account, Region, id. Ids ascend with time, so that lists are
// in the order of creation.

import type { Document, Reader, Writer } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { type Collection, collection, type Page, page } from '../records.ts';
import { ResourceNotFoundException, ValidationException } from './errors.ts';

export type CertificateField = 'x509Subject' | 'x509Issuer' | 'x509SAN';
export type AttributeMapping = {
  readonly certificateField: CertificateField;
  readonly mappingRules: readonly { readonly specifier: string }[];
};

/** AWS seen: CloudTrail record of CreateProfile, 2024-08-01; in this order. */
export const defaultMappings: readonly AttributeMapping[] = [
  { certificateField: 'x509Issuer', mappingRules: [{ specifier: '*' }] },
  { certificateField: 'x509SAN', mappingRules: [{ specifier: 'DNS' }, { specifier: 'URI' }, { specifier: 'Name/*' }] },
  { certificateField: 'x509Subject', mappingRules: [{ specifier: '*' }] },
];

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
  readonly sourceType: 'CERTIFICATE_BUNDLE';
  /** PEM, one or two certificates, ends with a newline. */
  readonly x509CertificateData: string;
  readonly enabled: boolean;
  readonly notificationSettings: readonly NotificationSettingRecord[];
  readonly tags: readonly Tag[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** A subject as stored: a distinguished name that asked for a session in this account and Region. */
export type SubjectRecord = {
  readonly id: string;
  readonly arn: string;
  /** RFC 2253 text. */
  readonly x509Subject: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
};

export const profiles = collection<ProfileRecord>('rolesanywhere/profiles');
export const trustAnchors = collection<TrustAnchorRecord>('rolesanywhere/trust-anchors');

export const subjects = collection<SubjectRecord>('rolesanywhere/subjects');

/** Where regional resources of the call's account stand. */
export function placeOf(call: Pick<Call, 'account' | 'region'>): string {
  return `${call.account}/${call.region}/`;
}

/** `arn:…:rolesanywhere:REGION:ACCOUNT:` and the resource. */
export function arnOf(call: Call, resource: string): string {
  const { partition, region, account } = call;
  return formatArn({ partition, service: 'rolesanywhere', region, account, resource });
}

/** The record, or ResourceNotFoundException naming what was sought. */
export async function found<T extends Document>(
  reader: Reader,
  from: Collection<T>,
  call: Call,
  id: string,
  kind: string,
): Promise<T> {
  const record = await from.get(reader, placeOf(call) + id);
  if (record === undefined) throw ResourceNotFoundException(`${kind} ${id} was not found.`);
  return record;
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
  await from.delete(writer, placeOf(call) + id);
  return record;
}

// Ours: AWS documents neither a default nor a maximum page size; its own CloudFormation code asks for 50.
const defaultPageSize = 50;
const maxPageSize = 100;

/** One page of the account's records in the Region, in the order of creation. */
export async function listed<T extends Document>(
  call: Call,
  from: Collection<T>,
  { nextToken, pageSize = defaultPageSize }: { readonly nextToken?: string; readonly pageSize?: number },
): Promise<Page<T>> {
  if (pageSize < 1)
    throw ValidationException(
      `1 validation error detected: Value '${pageSize}' at 'pageSize' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    );
  const size = Math.min(pageSize, maxPageSize);
  const query = { collection: from, prefix: placeOf(call), token: nextToken, size };
  const answer = await call.read((reader) => page(call, reader, query));
  if (answer === undefined) throw ValidationException('Invalid nextToken.');
  return answer;
}
