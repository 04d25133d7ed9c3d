// Subjects: the distinguished names that asked for sessions with a trusted certificate, with what they showed last. No
// operation makes one; CreateSession does in passing.

import { hash } from 'node:crypto';
import { isoText } from '../../contract/instant.ts';
import {
  boolean,
  list,
  optional,
  required,
  string,
  structure,
  timestamp,
  type ValueOf,
  view,
} from '../../contract/shape.ts';
import { remember, rememberAgain } from '../../core/remember.ts';
import { type Certificate, certificatePem } from '../../core/x509/certificate.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import type { Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import type { EntryOf } from '../records.ts';
import { accessTo, sought } from './access.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import {
  arnOf,
  found,
  listed,
  placeOf,
  type Sighting,
  type SubjectCredential,
  type SubjectRecord,
  subjectCredentials,
  subjectProperties,
  subjects,
} from './records.ts';
import { InstanceProperties, nextTokenMember, pageMembers, Uuid } from './shapes.ts';

const summary = {
  subjectArn: optional(string(), { doc: 'The ARN of the subject.' }),
  subjectId: optional(Uuid, { doc: 'The unique identifier of the subject.' }),
  enabled: optional(boolean, { doc: 'Always true: no operation disables a subject.' }),
  x509Subject: optional(string(), { doc: 'The distinguished name, as RFC 2253 writes it.' }),
  lastSeenAt: optional(timestamp, { doc: 'When a session was last asked for.' }),
  createdAt: optional(timestamp, { doc: 'When a session was first asked for.' }),
  updatedAt: optional(timestamp, { doc: 'When what is kept of the subject last changed.' }),
};
const SubjectSummary = structure(summary);
const ListedSubject = view(SubjectSummary, shown);
const sighting = {
  seenAt: optional(timestamp, { doc: 'When it was last shown.' }),
  failed: optional(boolean, { doc: 'Whether the request that last showed it was refused.' }),
};
const CredentialSummary = structure({
  ...sighting,
  serialNumber: optional(string(), { doc: "The certificate's serial number, decimal." }),
  issuer: optional(string(), { doc: "The issuer's distinguished name, as RFC 2253 writes it." }),
  enabled: optional(boolean, { doc: 'Always true.' }),
  x509CertificateData: optional(string(), { doc: 'The certificate in PEM; absent when it is longer than 16 KiB.' }),
});
const InstanceProperty = structure({
  ...sighting,
  properties: optional(InstanceProperties, { doc: 'What the workload said of itself.' }),
});
const SubjectDetail = structure({
  ...summary,
  credentials: optional(list(CredentialSummary), {
    doc: 'The certificates shown last, most recent first; at most 50.',
  }),
  instanceProperties: optional(list(InstanceProperty), {
    doc: 'The sets of instance properties sent last, most recent first; at most 50.',
  }),
});

export const GetSubject = operation({
  doc: 'Gets a subject, with the certificates and instance properties it showed last.',
  http: 'GET /subject/{subjectId} 200',
  effect: 'read',
  errors: [ResourceNotFoundException, AccessDeniedException],
  input: structure({ subjectId: required(Uuid, { doc: 'The unique identifier of the subject.' }) }),
  output: structure({ subject: optional(SubjectDetail, { doc: 'The subject.' }) }),
  access: async ({ subjectId: id }, call) => [accessTo(call, 'subject', id, await sought(call, subjects, id))],
  run: ({ subjectId: id }, call) =>
    call.read(async (reader) => {
      const record = await found(reader, subjects, call, id, 'Subject');
      const all = { prefix: `${placeOf(call)}${id}/`, limit: maxKept };
      const credentials = await subjectCredentials.list(reader, all);
      // Most workloads say nothing of themselves; then nothing is looked for.
      const properties = record.instanceProperties.length === 0 ? [] : await subjectProperties.list(reader, all);
      const subject = {
        ...shown(record),
        credentials: joined(record.credentials, credentials, credentialShown),
        instanceProperties: joined(record.instanceProperties, properties, propertiesShown),
      };
      return { subject };
    }),
});

export const ListSubjects = operation({
  doc: "Lists the account's subjects in the Region, in the order of their ids.",
  http: 'GET /subjects 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure(pageMembers),
  output: structure({
    subjects: optional(list(ListedSubject), { doc: 'The subjects, without what they showed.' }),
    ...nextTokenMember,
  }),
  access: (_input, call) => [{ resource: arnOf(call, 'subject/*') }],
  async run(input, call) {
    const { records, next } = await listed(call, subjects, input);
    return { subjects: records, nextToken: next };
  },
});

/** Certificates and sets of properties kept of one subject. Ours: AWS documents "the most recent", not how many. */
const maxKept = 50;
/** Characters of the longest PEM that is kept. Ours: room for every algorithm, and a bound on what a subject takes. */
const maxPem = 16 * 1024;

/** Accounts and Regions whose subjects' names are remembered. */
const roomOfPlaces = 256;

/** What a holder of a trusted certificate showed, and whether it was refused. */
export type Seen = {
  readonly certificate: Certificate;
  readonly instanceProperties?: Readonly<Record<string, string>> | undefined;
  readonly failed: boolean;
};

/** Notes what was seen of the subject; gives its ARN. The same name in the same account and Region is the same subject. */
export async function seen(
  writer: Writer,
  { certificate, instanceProperties: properties = {}, failed }: Seen,
  call: Call,
): Promise<string> {
  const { id, key, credentialKey } = namesOf(certificate, call);
  const known = (await subjects.get(writer, key)) ?? unseen(id, certificate, call);
  const at = { seenAt: isoText(call.now), failed };
  const { kept: credentials, gone, isNew } = sighted(known.credentials, credentialKey, at);
  if (isNew) await subjectCredentials.put(writer, `${key}/${credentialKey}`, credentialOf(certificate));
  for (const one of gone) await subjectCredentials.delete(writer, `${key}/${one.key}`);
  const instanceProperties =
    Object.keys(properties).length === 0
      ? known.instanceProperties
      : await propertiesNoted(writer, key, known.instanceProperties, properties, at);
  // Member by member: every session makes this record anew.
  const record: SubjectRecord = {
    id: known.id,
    arn: known.arn,
    x509Subject: known.x509Subject,
    tags: known.tags,
    credentials,
    instanceProperties,
    createdAt: known.createdAt,
    lastSeenAt: at.seenAt,
  };
  await subjects.put(writer, key, record);
  return record.arn;
}

/** Notes a set of instance properties that holds at least one. */
async function propertiesNoted(
  writer: Writer,
  subject: string,
  known: readonly Sighting[],
  given: Readonly<Record<string, string>>,
  at: Omit<Sighting, 'key'>,
): Promise<readonly Sighting[]> {
  const properties = Object.entries(given).sort(([one], [other]) => (one < other ? -1 : 1));
  const propertiesKey = digestOf(properties);
  const { kept, gone, isNew } = sighted(known, propertiesKey, at);
  if (isNew) await subjectProperties.put(writer, `${subject}/${propertiesKey}`, Object.fromEntries(properties));
  for (const one of gone) await subjectProperties.delete(writer, `${subject}/${one.key}`);
  return kept;
}

/** Under which names a certificate's subject is kept, and the certificate beside it. */
type Names = {
  readonly id: string;
  /** Of the subject's record. */
  readonly key: string;
  readonly credentialKey: string;
};

/** By certificate and place; most are shown in one place. */
function namesOf(certificate: Certificate, call: Call): Names {
  return namesIn(placeOf(call))(certificate);
}

const namesIn = remember(
  roomOfPlaces,
  (place: string) => place,
  (place) =>
    rememberAgain((certificate: Certificate): Names => {
      const id = uuidOf(place + certificate.subject.key);
      const credentialKey = digestOf([certificate.issuer.key, certificate.serialHex]);
      return { id, key: place + id, credentialKey };
    }),
);

function unseen(id: string, { subject }: Certificate, call: Call): SubjectRecord {
  const now = isoText(call.now);
  const never = { tags: [], credentials: [], instanceProperties: [], createdAt: now, lastSeenAt: now };
  return { id, arn: arnOf(call, `subject/${id}`), x509Subject: rfc2253(subject), ...never };
}

function credentialOf({ serialNumber, issuer, der }: Certificate): SubjectCredential {
  const pem = certificatePem(der);
  return {
    serialNumber: serialNumber.toString(),
    issuer: rfc2253(issuer),
    x509CertificateData: pem.length > maxPem ? null : pem,
  };
}

/** The sighting of what has the key, put first; of the others those that are still kept, and those unseen for the longest. */
function sighted(known: readonly Sighting[], key: string, { seenAt, failed }: Omit<Sighting, 'key'>) {
  const others = known.filter((one) => one.key !== key);
  const isNew = others.length === known.length;
  return { kept: [{ seenAt, failed, key }, ...others.slice(0, maxKept - 1)], gone: others.slice(maxKept - 1), isNew };
}

function shown(record: SubjectRecord): ValueOf<typeof SubjectSummary> {
  const lastSeenAt = new Date(record.lastSeenAt);
  return {
    subjectArn: record.arn,
    subjectId: record.id,
    enabled: true,
    x509Subject: record.x509Subject,
    lastSeenAt,
    createdAt: new Date(record.createdAt),
    // Every visit changes what is kept, and nothing else does.
    updatedAt: lastSeenAt,
  };
}

function credentialShown(
  { serialNumber, issuer, x509CertificateData }: SubjectCredential,
  seenAt: Date,
  failed: boolean,
) {
  return { seenAt, serialNumber, issuer, enabled: true, x509CertificateData: x509CertificateData ?? undefined, failed };
}

function propertiesShown(properties: Readonly<Record<string, string>>, seenAt: Date, failed: boolean) {
  return { seenAt, properties, failed };
}

/** The sightings in their order, each with what it is of. */
function joined<T, S>(
  sightings: readonly Sighting[],
  entries: readonly EntryOf<T>[],
  show: (record: T, seenAt: Date, failed: boolean) => S,
): readonly S[] {
  const byKey = new Map<string, T>();
  for (const { key, document: record } of entries) byKey.set(key.slice(key.lastIndexOf('/') + 1), record);
  const all: S[] = [];
  for (const { key, seenAt, failed } of sightings) {
    const record = byKey.get(key);
    if (record !== undefined) all.push(show(record, new Date(seenAt), failed));
  }
  return all;
}

function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex').slice(0, 32);
}

/** A UUID that is a digest of the name, so that no index leads from names to ids. Spec: RFC 9562 §5.8 */
function uuidOf(name: string): string {
  const hex = hash('sha256', name, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
