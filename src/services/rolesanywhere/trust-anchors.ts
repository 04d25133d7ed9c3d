// Trust anchors: the certificate authorities whose certificates may ask for sessions.
import { boolean, list, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import { parseCertificate, parsePemCertificates } from '../../core/x509/certificate.ts';
import { anchorViolations } from '../../core/x509/constraints.ts';
import { type Call, operation } from '../call.ts';
import { accessTo, creating, sought } from './access.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { settingsWithDefaults } from './notification-settings.ts';
import { arnOf, changed, found, listed, placeOf, removed, type TrustAnchorRecord, trustAnchors } from './records.ts';
import {
  NotificationSettings,
  nextTokenMember,
  pageMembers,
  ResourceName,
  Source,
  TagList,
  TrustAnchorDetail,
  Uuid,
} from './shapes.ts';
import { checkTags } from './tags.ts';

const kind = 'Trust anchor';
const trustAnchorId = required(Uuid, { doc: 'The unique identifier of the trust anchor.' });
const output = structure({ trustAnchor: required(TrustAnchorDetail, { doc: 'The trust anchor.' }) });
const toggling = [ResourceNotFoundException, AccessDeniedException] as const;
const changing = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

export const CreateTrustAnchor = operation({
  doc: 'Creates a trust anchor: a certificate authority whose certificates may ask for sessions.',
  http: 'POST /trustanchors 201',
  effect: 'write',
  errors: [ValidationException, AccessDeniedException],
  input: structure({
    name: required(ResourceName, { doc: 'Shown in lists; need not be unique.' }),
    source: required(Source, { doc: 'The authority that is trusted.' }),
    enabled: optional(boolean, { doc: 'Whether CreateSession may use the trust anchor. Absent: false.' }),
    tags: optional(TagList, { doc: 'Tags of the new trust anchor.' }),
    notificationSettings: optional(NotificationSettings, {
      doc: 'What is notified. Absent: everything, 45 days ahead.',
    }),
  }),
  output,
  access: (input, call) => creating(call, 'trust-anchor', input.tags),
  async run(input, call) {
    checkTags(input.tags);
    const id = call.newId();
    const now = call.now.toISOString();
    const record: TrustAnchorRecord = {
      id,
      arn: arnOf(call, `trust-anchor/${id}`),
      name: input.name,
      ...trusted(input.source),
      enabled: input.enabled ?? false,
      notificationSettings: settingsWithDefaults(call.account, input.notificationSettings),
      tags: input.tags ?? [],
      createdAt: now,
      updatedAt: now,
    };
    return call.write(async (writer) => {
      await trustAnchors.put(writer, placeOf(call) + id, record);
      return { trustAnchor: detail(record) };
    });
  },
});

export const GetTrustAnchor = operation({
  doc: 'Gets a trust anchor.',
  http: 'GET /trustanchor/{trustAnchorId} 200',
  effect: 'read',
  errors: changing,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  async run(input, call) {
    const record = await call.read((reader) => found(reader, trustAnchors, call, input.trustAnchorId, kind));
    return { trustAnchor: detail(record) };
  },
});

export const ListTrustAnchors = operation({
  doc: "Lists the account's trust anchors in the Region, in the order of their creation.",
  http: 'GET /trustanchors 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure(pageMembers),
  output: structure({
    ...nextTokenMember,
    trustAnchors: optional(list(TrustAnchorDetail), { doc: 'The trust anchors.' }),
  }),
  access: (_input, call) => [{ resource: arnOf(call, 'trust-anchor/*') }],
  async run(input, call) {
    const { records, next } = await listed(call, trustAnchors, input);
    return { trustAnchors: records.map(detail), nextToken: next };
  },
});

export const UpdateTrustAnchor = operation({
  doc: 'Changes the name, the source or both, and leaves what is not given.',
  http: 'PATCH /trustanchor/{trustAnchorId} 200',
  effect: 'write',
  errors: changing,
  input: structure({
    trustAnchorId,
    name: optional(ResourceName, { doc: 'The new name.' }),
    source: optional(Source, { doc: 'The new authority.' }),
  }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  async run({ trustAnchorId: id, name, source }, call) {
    const certificates = source === undefined ? {} : trusted(source);
    return change(call, id, (record) => ({ ...record, ...certificates, name: name ?? record.name }));
  },
});

export const EnableTrustAnchor = operation({
  doc: 'Lets CreateSession use the trust anchor.',
  http: 'POST /trustanchor/{trustAnchorId}/enable 200',
  effect: 'write',
  errors: toggling,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  run: (input, call) => change(call, input.trustAnchorId, (record) => ({ ...record, enabled: true })),
});

export const DisableTrustAnchor = operation({
  doc: 'Makes CreateSession refuse the trust anchor; sessions issued before live on.',
  http: 'POST /trustanchor/{trustAnchorId}/disable 200',
  effect: 'write',
  errors: toggling,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  run: (input, call) => change(call, input.trustAnchorId, (record) => ({ ...record, enabled: false })),
});

export const DeleteTrustAnchor = operation({
  doc: 'Deletes a trust anchor and gives its last state.',
  http: 'DELETE /trustanchor/{trustAnchorId} 200',
  effect: 'write',
  errors: toggling,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  run: (input, call) =>
    call.write(async (writer) => ({
      trustAnchor: detail(await removed(writer, trustAnchors, call, input.trustAnchorId, kind)),
    })),
});

function change(call: Call, id: string, how: (record: TrustAnchorRecord) => TrustAnchorRecord) {
  return call.write(async (writer) => {
    const update = (record: TrustAnchorRecord) => ({ ...how(record), updatedAt: call.now.toISOString() });
    return { trustAnchor: detail(await changed(writer, trustAnchors, call, id, kind, update)) };
  });
}

async function onAnchor(call: Call, id: string | undefined) {
  return [accessTo(call, 'trust-anchor', id, await sought(call, trustAnchors, id))];
}

function detail(record: TrustAnchorRecord): ValueOf<typeof TrustAnchorDetail> {
  return {
    trustAnchorId: record.id,
    trustAnchorArn: record.arn,
    name: record.name,
    source: { sourceType: record.sourceType, sourceData: { x509CertificateData: record.x509CertificateData } },
    enabled: record.enabled,
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    notificationSettings: record.notificationSettings.map(({ threshold, ...setting }) => ({
      ...setting,
      ...(threshold === null ? {} : { threshold }),
    })),
  };
}

/** AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html */
const maxCertificates = 2;
const badData = 'Error creating TrustAnchor. Bad certificate data';

/** What is stored of a lawful source. AWS seen: the sentences; the stored PEM ends with a newline. */
function trusted({ sourceType, sourceData }: ValueOf<typeof Source>) {
  switch (sourceType) {
    case undefined:
      throw ValidationException('source.sourceType is required.');
    case 'SELF_SIGNED_REPOSITORY':
      throw ValidationException('Source type SELF_SIGNED_REPOSITORY is not supported.');
    case 'AWS_ACM_PCA':
      // Ours: no private CA is registered with this server, so that none can be read.
      throw ValidationException('Error creating TrustAnchor. Given AWS PCA did not allow get request.');
    case 'CERTIFICATE_BUNDLE': {
      const pem = sourceData?.x509CertificateData;
      if (pem === undefined) throw ValidationException('source.sourceData.x509CertificateData is required.');
      checkBundle(pem);
      return { sourceType, x509CertificateData: `${pem.trim()}\n` } as const;
    }
  }
}

function checkBundle(pem: string): void {
  const bundle = parsePemCertificates(pem);
  if (!bundle.ok || bundle.certificates.length === 0) throw ValidationException(badData);
  if (bundle.certificates.length > maxCertificates) {
    throw ValidationException(`A trust anchor holds at most ${maxCertificates} certificates.`);
  }
  for (const der of bundle.certificates) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) throw ValidationException(badData, { reason: 'malformedCertificate', detail: parsed.detail });
    const [violation] = anchorViolations(parsed.certificate);
    if (violation === undefined) continue;
    if (violation.reason === 'notCa')
      throw ValidationException('Incorrect basic constraints for CA certificate', { ...violation });
    throw ValidationException(`${badData}: ${violation.detail}`, { ...violation });
  }
}
