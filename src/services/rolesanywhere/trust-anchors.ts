// Trust anchors: the certificate authorities whose certificates may ask for sessions.
import { isoText } from '../../contract/instant.ts';
import type { Access } from '../../contract/operation.ts';
import { boolean, list, optional, required, structure, type ValueOf, view } from '../../contract/shape.ts';
import { deleteRevocationOf } from '../anyrole/records.ts';
import { type Call, operation, whenThere } from '../call.ts';
import { ensureServiceLinkedRole, findRole, serviceLinkedRoleArn, serviceLinkedRoleName } from '../iam/records.ts';
import { accessTo, creating, sought } from './access.ts';
import { deleteCrlsOf } from './crls.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { settingsWith } from './notification-defaults.ts';
import { added, arnOf, asked, changed, listed, removed, type TrustAnchorRecord, trustAnchors } from './records.ts';
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
import { checkTags } from './tag-rules.ts';
import { explainExpiry, trusted } from './trust-anchor-source.ts';

const kind = 'Trust anchor';
const trustAnchorId = required(Uuid, { doc: 'The unique identifier of the trust anchor.' });
/** A trust anchor as every operation answers it. */
export const TrustAnchor = view(TrustAnchorDetail, detail);
const output = structure({ trustAnchor: required(TrustAnchor, { doc: 'The trust anchor.' }) });
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
  access: async (input, call) => [
    ...creating(call, 'trust-anchor', input.tags),
    ...(await makingServiceLinkedRole(call)),
  ],
  async run(input, call) {
    checkTags(input.tags);
    const id = call.newId();
    const now = isoText(call.now);
    const record: TrustAnchorRecord = {
      id,
      arn: arnOf(call, `trust-anchor/${id}`),
      name: input.name,
      ...trusted(input.source, call),
      enabled: input.enabled ?? false,
      notificationSettings: settingsWith(input.notificationSettings ?? [], call.account),
      tags: input.tags ?? [],
      createdAt: now,
      updatedAt: now,
    };
    explainExpiry(record, call);
    return call.write(async (writer) => {
      const quota = call.settings.quotas.trustAnchors;
      await added(writer, trustAnchors, call, record, { quota, plural: 'trust anchors' });
      await ensureServiceLinkedRole(writer, call, service);
      return { trustAnchor: record };
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
  run: (input, call) =>
    whenThere(asked(call, trustAnchors, input.trustAnchorId, kind), (trustAnchor) => ({ trustAnchor })),
});

export const ListTrustAnchors = operation({
  doc: "Lists the account's trust anchors in the Region, in the order of their creation.",
  http: 'GET /trustanchors 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure(pageMembers),
  output: structure({
    ...nextTokenMember,
    trustAnchors: optional(list(TrustAnchor), { doc: 'The trust anchors.' }),
  }),
  access: (_input, call) => [{ resource: arnOf(call, 'trust-anchor/*') }],
  async run(input, call) {
    const { records, next } = await listed(call, trustAnchors, input);
    return { trustAnchors: records, nextToken: next };
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
    const given = source && trusted(source, call);
    if (given) await explainUpdate(id, given, call);
    return change(call, id, ({ acmPcaArn, ...record }) => {
      const kept = acmPcaArn === undefined ? {} : { acmPcaArn };
      return { ...record, ...(given ?? kept), name: name ?? record.name };
    });
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
  doc: 'Deletes a trust anchor with its CRLs and where they are fetched from, and gives its last state.',
  http: 'DELETE /trustanchor/{trustAnchorId} 200',
  effect: 'write',
  errors: toggling,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  async run(input, call) {
    const output = await call.write(async (writer) => {
      const record = await removed(writer, trustAnchors, call, input.trustAnchorId, kind);
      await deleteCrlsOf(writer, record, call);
      await deleteRevocationOf(writer, record, call);
      return { trustAnchor: record };
    });
    call.fetchedCrls.changed();
    return output;
  },
});

const service = 'rolesanywhere.amazonaws.com';

/** AWS doc: the account's first trust anchor makes the service-linked role. AWS seen: the sentence of who may not make it. */
async function makingServiceLinkedRole(call: Call): Promise<readonly Access[]> {
  const role = await call.read((reader) => findRole(reader, call.account, serviceLinkedRoleName(service)));
  if (role !== undefined) return [];
  return [
    {
      action: 'iam:CreateServiceLinkedRole',
      resource: serviceLinkedRoleArn(call, service),
      context: { 'iam:AWSServiceName': service },
      denial: 'Unauthorized because no identity-based policy allows for the iam:CreateServiceLinkedRole action',
    },
  ];
}

/** Changes one trust anchor and gives the answer with it; `updatedAt` advances. */
export function change(call: Call, id: string, how: (record: TrustAnchorRecord) => TrustAnchorRecord) {
  return call.write(async (writer) => {
    const update = (record: TrustAnchorRecord) => ({ ...how(record), updatedAt: isoText(call.now) });
    return { trustAnchor: await changed(writer, trustAnchors, call, id, kind, update) };
  });
}

/** Outside of the write, which may run twice: what is told of the new source depends on the settings of the record. */
async function explainUpdate(id: string, given: Pick<TrustAnchorRecord, 'x509CertificateData'>, call: Call) {
  const record = await sought(call, trustAnchors, id);
  if (record !== undefined) explainExpiry({ ...record, ...given }, call);
}

/** Access to one trust anchor, for its own operations and those of its notification settings. */
export function onAnchor(call: Call, id: string | undefined): readonly Access[] | Promise<readonly Access[]> {
  return whenThere(sought(call, trustAnchors, id), (record) => [accessTo(call, 'trust-anchor', id, record)]);
}

function detail(record: TrustAnchorRecord): ValueOf<typeof TrustAnchorDetail> {
  const createdAt = new Date(record.createdAt);
  return {
    trustAnchorId: record.id,
    trustAnchorArn: record.arn,
    name: record.name,
    source: { sourceType: record.sourceType, sourceData: sourceData(record) },
    enabled: record.enabled,
    createdAt,
    updatedAt: record.updatedAt === record.createdAt ? createdAt : new Date(record.updatedAt),
    notificationSettings: record.notificationSettings.map(({ threshold, ...setting }) => ({
      ...setting,
      ...(threshold === null ? {} : { threshold }),
    })),
  };
}

function sourceData({ acmPcaArn, x509CertificateData }: TrustAnchorRecord) {
  return acmPcaArn === undefined ? { x509CertificateData } : { acmPcaArn };
}
