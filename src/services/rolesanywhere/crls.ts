// CRLs: lists of certificates that a trust anchor vouches for no longer. These are imported and belong to one trust anchor;
// what they say is judged in revocation.ts, with those that are fetched.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
import { createHash } from 'node:crypto';
import type { Access } from '../../contract/operation.ts';
import {
  blob,
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
import { type Crl, parseCrl, verifyCrlSignature } from '../../core/x509/crl.ts';
import { namesEqual } from '../../core/x509/name.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { type Call, operation, whenThere } from '../call.ts';
import { accessTo, creating, sought } from './access.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import {
  arnOf,
  asked,
  byArn,
  type CrlRecord,
  crls,
  crlsOfTrustAnchors,
  found,
  listed,
  maxCrls,
  placeOf,
  type TrustAnchorRecord,
  trustAnchors,
  underAnchor,
} from './records.ts';
import { nextTokenMember, pageMembers, ResourceName, TagList, TrustAnchorArn, Uuid } from './shapes.ts';
import { checkTags } from './tag-rules.ts';

const kind = 'CRL';
const crlId = required(Uuid, { doc: 'The unique identifier of the CRL.' });
const CrlData = blob({ min: 1, max: 300000 });
const CrlDetail = structure({
  crlId: optional(Uuid, { doc: 'The unique identifier of the CRL.' }),
  crlArn: optional(string(), { doc: 'The ARN of the CRL.' }),
  name: optional(string(), { doc: 'The name; need not be unique.' }),
  enabled: optional(boolean, { doc: 'Whether CreateSession asks the CRL.' }),
  crlData: optional(blob(), { doc: 'The CRL, byte for byte as it was imported.' }),
  trustAnchorArn: optional(string(), { doc: 'The trust anchor that the CRL belongs to.' }),
  createdAt: optional(timestamp, { doc: 'When the CRL was imported.' }),
  updatedAt: optional(timestamp, { doc: 'When the CRL last changed.' }),
});
const ShownCrl = view(CrlDetail, detail);
const output = structure({ crl: required(ShownCrl, { doc: 'The CRL.' }) });
const toggling = [ResourceNotFoundException, AccessDeniedException] as const;

export const ImportCrl = operation({
  doc: 'Imports a CRL for a trust anchor.',
  http: 'POST /crls 201',
  effect: 'write',
  errors: [ValidationException, AccessDeniedException],
  input: structure({
    name: required(ResourceName, { doc: 'Shown in lists; need not be unique.' }),
    crlData: required(CrlData, { doc: 'One CRL, PEM or DER.' }),
    enabled: optional(boolean, { doc: 'Whether CreateSession asks the CRL. Absent: false.' }),
    tags: optional(TagList, { doc: 'Tags of the new CRL.' }),
    trustAnchorArn: required(TrustAnchorArn, { doc: 'The trust anchor that the CRL belongs to, for good.' }),
  }),
  output,
  access: (input, call) => creating(call, 'crl', input.tags),
  async run(input, call) {
    checkTags(input.tags);
    const crl = lawful(input.crlData);
    const id = call.newId();
    const now = call.now.toISOString();
    const record: CrlRecord = {
      id,
      arn: arnOf(call, `crl/${id}`),
      name: input.name,
      crlData: base64(input.crlData),
      enabled: input.enabled ?? false,
      trustAnchorArn: input.trustAnchorArn,
      tags: input.tags ?? [],
      createdAt: now,
      updatedAt: now,
    };
    return call.write(async (writer) => {
      const anchor = await anchorOf(writer, record, call);
      checkSigner(crl, anchor, call);
      await checkQuota(writer, anchor, call);
      return { crl: await keep(writer, record, call) };
    });
  },
});

export const GetCrl = operation({
  doc: 'Gets a CRL.',
  http: 'GET /crl/{crlId} 200',
  effect: 'read',
  errors: [ResourceNotFoundException],
  input: structure({ crlId }),
  output,
  access: (input, call) => onCrl(call, input.crlId),
  run: (input, call) => whenThere(asked(call, crls, input.crlId, kind), (crl) => ({ crl })),
});

export const ListCrls = operation({
  doc: "Lists the account's CRLs in the Region, in the order of their import.",
  http: 'GET /crls 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure(pageMembers),
  output: structure({ ...nextTokenMember, crls: optional(list(ShownCrl), { doc: 'The CRLs.' }) }),
  access: (_input, call) => [{ resource: arnOf(call, 'crl/*') }],
  async run(input, call) {
    // Ours: a page shows the CRLs whole, 400 KiB each at worst.
    const { records, next } = await listed(call, crls, input, 20);
    return { crls: records, nextToken: next };
  },
});

export const UpdateCrl = operation({
  doc: 'Changes the name, the list or both, and leaves what is not given.',
  http: 'PATCH /crl/{crlId} 200',
  effect: 'write',
  errors: [ValidationException, ResourceNotFoundException, AccessDeniedException],
  input: structure({
    crlId,
    name: optional(ResourceName, { doc: 'The new name.' }),
    crlData: optional(CrlData, { doc: 'The new CRL, PEM or DER.' }),
  }),
  output,
  access: (input, call) => onCrl(call, input.crlId),
  async run({ crlId: id, name, crlData }, call) {
    const crl = crlData === undefined ? undefined : lawful(crlData);
    return call.write(async (writer) => {
      const record = await found(writer, crls, call, id, kind);
      if (crl !== undefined) checkSigner(crl, await anchorOf(writer, record, call), call);
      const renewed = crlData === undefined ? {} : { crlData: base64(crlData) };
      return { crl: await keep(writer, { ...touched(record, call), ...renewed, name: name ?? record.name }, call) };
    });
  },
});

export const EnableCrl = operation({
  doc: 'Lets CreateSession ask the CRL, from the next request on.',
  http: 'POST /crl/{crlId}/enable 200',
  effect: 'write',
  errors: toggling,
  input: structure({ crlId }),
  output,
  access: (input, call) => onCrl(call, input.crlId),
  run: (input, call) => toggle(input.crlId, true, call),
});

export const DisableCrl = operation({
  doc: 'Makes CreateSession ignore the CRL.',
  http: 'POST /crl/{crlId}/disable 200',
  effect: 'write',
  errors: toggling,
  input: structure({ crlId }),
  output,
  access: (input, call) => onCrl(call, input.crlId),
  run: (input, call) => toggle(input.crlId, false, call),
});

export const DeleteCrl = operation({
  doc: 'Deletes a CRL and gives its last state.',
  http: 'DELETE /crl/{crlId} 200',
  effect: 'write',
  errors: toggling,
  input: structure({ crlId }),
  output,
  access: (input, call) => onCrl(call, input.crlId),
  run: (input, call) =>
    call.write(async (writer) => {
      const record = await found(writer, crls, call, input.crlId, kind);
      await crls.delete(writer, placeOf(call) + record.id);
      await crlsOfTrustAnchors.delete(writer, entryKey(record, call));
      return { crl: record };
    }),
});

/** Deletes what belongs to a trust anchor that is deleted. Ours: AWS documents no answer; a CRL without one means nothing. */
export async function deleteCrlsOf(writer: Writer, anchor: TrustAnchorRecord, call: Call): Promise<void> {
  const prefix = underAnchor(call, anchor.id);
  for (const { key } of await crlsOfTrustAnchors.list(writer, { prefix, limit: maxCrls })) {
    await crls.delete(writer, placeOf(call) + key.slice(prefix.length));
    await crlsOfTrustAnchors.delete(writer, key);
  }
}

function toggle(id: string, enabled: boolean, call: Call) {
  return call.write(async (writer) => {
    const record = await found(writer, crls, call, id, kind);
    return { crl: await keep(writer, { ...touched(record, call), enabled }, call) };
  });
}

function touched(record: CrlRecord, call: Call): CrlRecord {
  return { ...record, updatedAt: call.now.toISOString() };
}

async function keep(writer: Writer, record: CrlRecord, call: Call) {
  const digest = createHash('sha256').update(record.crlData).digest('hex');
  await crls.put(writer, placeOf(call) + record.id, record);
  await crlsOfTrustAnchors.put(writer, entryKey(record, call), { enabled: record.enabled, digest });
  return record;
}

function entryKey({ id, trustAnchorArn }: CrlRecord, call: Call): string {
  return underAnchor(call, trustAnchorArn.slice(trustAnchorArn.lastIndexOf('/') + 1)) + id;
}

function onCrl(call: Call, id: string | undefined): readonly Access[] | Promise<readonly Access[]> {
  return whenThere(sought(call, crls, id), (record) => [accessTo(call, 'crl', id, record)]);
}

/** Ours: ImportCrl models no ResourceNotFoundException; the sentence is CreateSession's. */
async function anchorOf(reader: Reader, { trustAnchorArn }: CrlRecord, call: Call): Promise<TrustAnchorRecord> {
  const anchor = await byArn(reader, trustAnchors, trustAnchorArn, call);
  if (anchor === undefined) throw ValidationException("Specified Trust Anchor wasn't found.");
  return anchor;
}

// Ours: AWS's sentences for bad CRLs are not known; these follow the one for trust anchors.
const badData = 'Error importing CRL. Bad CRL data';

/** The list in the bytes. Ours: what CreateSession could never use is refused here, so that nobody relies on it. */
function lawful(bytes: Uint8Array): Crl {
  const parsed = parseCrl(bytes);
  if (!parsed.ok) throw ValidationException(badData, { reason: 'malformedCrl', detail: parsed.detail });
  const { deltaCRLIndicator, issuingDistributionPoint, unknownCritical } = parsed.crl.extensions;
  if (deltaCRLIndicator !== undefined) throw ValidationException(`${badData}: delta CRLs are not supported`);
  if (issuingDistributionPoint?.indirectCRL) throw ValidationException(`${badData}: indirect CRLs are not supported`);
  if (unknownCritical.length > 0)
    throw ValidationException(`${badData}: it has a critical extension that is not supported`, {
      reason: 'unknownCriticalExtension',
      oid: unknownCritical[0],
    });
  return parsed.crl;
}

/**
 * Ours: what names one of the trust anchor's certificates as its issuer must be signed by it; what names another is
 * taken for an intermediate's, whose certificate comes with CreateSession, and its signature is checked there.
 */
function checkSigner(crl: Crl, anchor: TrustAnchorRecord, call: Call): void {
  const signers = call
    .certificatesOf(anchor.x509CertificateData)
    .filter(({ subject }) => namesEqual(subject, crl.issuer));
  const verdicts = signers.map((signer) => verifyCrlSignature(crl, signer));
  const [refused] = verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict]));
  if (refused === undefined || verdicts.some(({ ok }) => ok)) return;
  throw ValidationException(`${badData}: it is not signed by the trust anchor`, { reason: refused.reason });
}

async function checkQuota(reader: Reader, anchor: TrustAnchorRecord, call: Call): Promise<void> {
  const max = call.settings.quotas.crlsPerTrustAnchor;
  const entries = await crlsOfTrustAnchors.list(reader, { prefix: underAnchor(call, anchor.id), limit: max });
  if (entries.length >= max) throw ValidationException(`The quota is reached: at most ${max} CRLs per trust anchor.`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function detail({
  id,
  arn,
  crlData,
  tags: _tags,
  createdAt,
  updatedAt,
  ...shown
}: CrlRecord): ValueOf<typeof CrlDetail> {
  return {
    crlId: id,
    crlArn: arn,
    ...shown,
    crlData: new Uint8Array(Buffer.from(crlData, 'base64')),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
