// CRL sources: URLs that a trust anchor's revocation lists are fetched from, and what a list that is old or missing means.
// A source is asked while it is enabled; what the server knows of it is shown with it.
import {
  boolean,
  integer,
  list,
  oneOf,
  optional,
  pattern,
  required,
  string,
  structure,
  timestampInSeconds,
  type ValueOf,
} from '../../contract/shape.ts';
import { maxCrlUrl } from '../../core/x509/crl-url.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import type { CrlPlaceState } from '../fetched-crls.ts';
import { page } from '../records.ts';
import { found, placeOf, trustAnchors, underAnchor } from '../rolesanywhere/records.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import {
  arnOf,
  type CrlSourceRecord,
  crlSourceKey,
  crlSources,
  crlSourcesOf,
  maxCrlSources,
  watchedPlace,
} from './records.ts';
import { nextTokenMember, pageMembers, pageSizes, Uuid } from './shapes.ts';

const trustAnchorId = required(Uuid, { doc: 'The unique identifier of the trust anchor.' });
const crlSourceId = required(Uuid, { doc: 'The unique identifier of the source.' });
const Name = string({ min: 1, max: 255, pattern: pattern('[ a-zA-Z0-9_-]*') });

const FetchedCrl = structure({
  issuer: required(string(), { doc: 'The distinguished name of its issuer, as RFC 2253 writes it.' }),
  thisUpdate: required(timestampInSeconds, { doc: 'When it was issued.' }),
  nextUpdate: optional(timestampInSeconds, {
    doc: 'When the next is issued at the latest; absent where it does not say.',
  }),
  ageSeconds: required(integer(), { doc: 'Seconds since thisUpdate.' }),
  crlNumber: optional(string(), { doc: 'Its number, decimal.' }),
  entryCount: required(integer(), { doc: 'Revoked certificates on it.' }),
  fingerprint: required(string(), { doc: 'SHA-256 of its DER, lower-case hex.' }),
  verified: required(boolean, {
    doc: 'Whether a certificate that is known to the server signed it; an intermediate is known when it was shown.',
  }),
});
const CrlSourceDetail = structure({
  crlSourceId: required(Uuid, { doc: 'The unique identifier of the source.' }),
  crlSourceArn: required(string(), { doc: 'The ARN of the source, for policies.' }),
  trustAnchorArn: required(string(), { doc: 'The trust anchor that the source belongs to, for good.' }),
  name: optional(string(), { doc: 'The name; need not be unique.' }),
  url: required(string(), { doc: 'Where the CRL is fetched from.' }),
  enabled: required(boolean, { doc: 'Whether the CRL is fetched on schedule and CreateSession asks it.' }),
  createdAt: required(timestampInSeconds, { doc: 'When the source was made.' }),
  updatedAt: required(timestampInSeconds, { doc: 'When the source last changed.' }),
  status: required(oneOf('current', 'stale', 'unavailable'), {
    doc: 'Whether there is a list, and not past its nextUpdate.',
  }),
  crl: optional(FetchedCrl, { doc: 'The last good list; absent where there is none.' }),
  lastAttemptAt: optional(timestampInSeconds, { doc: 'When this server last asked, since it started.' }),
  lastSuccessAt: optional(timestampInSeconds, { doc: 'When this server last got a good answer, since it started.' }),
  nextAttemptAt: optional(timestampInSeconds, { doc: 'When it asks again, while the source is enabled.' }),
  failures: required(integer(), { doc: 'Failed attempts since the last success.' }),
  lastError: optional(string(), { doc: 'Why the last attempt failed; absent where it did not.' }),
});
const output = structure({ crlSource: required(CrlSourceDetail, { doc: 'The source.' }) });
const errors = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

export const CreateCrlSource = operation({
  doc: 'Adds a URL that a CRL of the trust anchor is fetched from: one that the settings of the server allow.',
  http: 'POST /trust-anchors/{trustAnchorId}/crl-sources 201',
  effect: 'write',
  errors,
  input: structure({
    trustAnchorId,
    url: required(string({ min: 1, max: maxCrlUrl }), { doc: 'http, https or file.' }),
    name: optional(Name, { doc: 'Shown in lists; need not be unique.' }),
    enabled: optional(boolean, { doc: 'Whether it is asked from now on. Absent: false.' }),
  }),
  output,
  access: (input, call) => onSource(call, input.trustAnchorId, '*'),
  async run(input, call) {
    const url = allowed(input.url, call);
    const id = call.newId();
    const now = call.now.toISOString();
    const made = await call.write(async (writer) => {
      const anchor = await found(writer, trustAnchors, call, input.trustAnchorId, 'Trust anchor');
      const others = await crlSourcesOf(writer, call, anchor.id);
      if (others.length >= maxCrlSources)
        throw ValidationException(`The quota is reached: at most ${maxCrlSources} CRL sources per trust anchor.`);
      const record: CrlSourceRecord = {
        id,
        arn: arnOf(call, sourceResource(anchor.id, id)),
        trustAnchorId: anchor.id,
        trustAnchorArn: anchor.arn,
        name: input.name ?? null,
        url,
        enabled: input.enabled ?? false,
        createdAt: now,
        updatedAt: now,
      };
      await crlSources.put(writer, crlSourceKey(call, record), record);
      return { crlSource: detail(record, call) };
    });
    call.fetchedCrls.changed();
    return made;
  },
});

export const GetCrlSource = operation({
  doc: 'Gets a CRL source and how it fares.',
  http: 'GET /trust-anchors/{trustAnchorId}/crl-sources/{crlSourceId} 200',
  effect: 'read',
  errors,
  input: structure({ trustAnchorId, crlSourceId }),
  output,
  access: (input, call) => onSource(call, input.trustAnchorId, input.crlSourceId),
  run: (input, call) => call.read(async (reader) => ({ crlSource: detail(await sourceOf(reader, input, call), call) })),
});

export const ListCrlSources = operation({
  doc: "Lists the CRL sources of the account's trust anchors in the Region, or of one, and how they fare.",
  http: 'GET /crl-sources 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure({
    trustAnchorId: optional(Uuid, { in: 'query', doc: 'Of this trust anchor alone. Absent: of all.' }),
    ...pageMembers,
  }),
  output: structure({ ...nextTokenMember, crlSources: required(list(CrlSourceDetail), { doc: 'The sources.' }) }),
  access: (input, call) => onSource(call, input.trustAnchorId, '*'),
  async run({ trustAnchorId: anchorId, nextToken: token, pageSize = pageSizes.default }, call) {
    const prefix = anchorId === undefined ? placeOf(call) : underAnchor(call, anchorId);
    const size = Math.min(pageSize, pageSizes.max);
    const answer = await call.read((reader) => page(call, reader, { collection: crlSources, prefix, token, size }));
    if (answer === undefined) throw ValidationException('Invalid nextToken.');
    return { crlSources: answer.records.map((record) => detail(record, call)), nextToken: answer.next };
  },
});

export const UpdateCrlSource = operation({
  doc: 'Changes the name of a CRL source, or whether it is enabled, and leaves what is not given.',
  http: 'PATCH /trust-anchors/{trustAnchorId}/crl-sources/{crlSourceId} 200',
  effect: 'write',
  errors,
  input: structure({
    trustAnchorId,
    crlSourceId,
    name: optional(Name, { doc: 'The new name.' }),
    enabled: optional(boolean, { doc: 'Whether it is asked from now on.' }),
  }),
  output,
  access: (input, call) => onSource(call, input.trustAnchorId, input.crlSourceId),
  async run(input, call) {
    const updated = await call.write(async (writer) => {
      const record = await sourceOf(writer, input, call);
      // A URL that the settings allow no longer is not taken up again.
      if (input.enabled) allowed(record.url, call);
      const { name = record.name, enabled = record.enabled } = input;
      const changed = { ...record, name, enabled, updatedAt: call.now.toISOString() };
      await crlSources.put(writer, crlSourceKey(call, record), changed);
      return { crlSource: detail(changed, call) };
    });
    call.fetchedCrls.changed();
    return updated;
  },
});

export const RefreshCrlSource = operation({
  doc: 'Fetches the CRL of a source now, enabled or not, and shows how it went.',
  http: 'POST /trust-anchors/{trustAnchorId}/crl-sources/{crlSourceId}/refresh 200',
  effect: 'write',
  errors,
  input: structure({ trustAnchorId, crlSourceId }),
  output,
  access: (input, call) => onSource(call, input.trustAnchorId, input.crlSourceId),
  async run(input, call) {
    const { record, anchor } = await call.read(async (reader) => ({
      record: await sourceOf(reader, input, call),
      anchor: await found(reader, trustAnchors, call, input.trustAnchorId, 'Trust anchor'),
    }));
    await call.fetchedCrls.refresh(watchedPlace(crlSourceKey(call, record), record, anchor, call.certificatesOf));
    return { crlSource: detail(record, call) };
  },
});

export const DeleteCrlSource = operation({
  doc: 'Deletes a CRL source with the list that is kept of it, and gives its last state.',
  http: 'DELETE /trust-anchors/{trustAnchorId}/crl-sources/{crlSourceId} 200',
  effect: 'write',
  errors,
  input: structure({ trustAnchorId, crlSourceId }),
  output,
  access: (input, call) => onSource(call, input.trustAnchorId, input.crlSourceId),
  async run(input, call) {
    const deleted = await call.write(async (writer) => {
      const record = await sourceOf(writer, input, call);
      await crlSources.delete(writer, crlSourceKey(call, record));
      return { crlSource: detail(record, call) };
    });
    call.fetchedCrls.changed();
    return deleted;
  },
});

function sourceResource(anchorId: string, id: string): string {
  return `trust-anchor/${anchorId}/crl-source/${id}`;
}

function onSource(call: Call, anchorId = '*', id = '*') {
  return [{ resource: arnOf(call, sourceResource(anchorId, id)) }];
}

type Named = { readonly trustAnchorId: string; readonly crlSourceId: string };

async function sourceOf(reader: Reader, { trustAnchorId: anchorId, crlSourceId: id }: Named, call: Call) {
  const record = await crlSources.get(reader, crlSourceKey(call, { trustAnchorId: anchorId, id }));
  if (record === undefined) throw ResourceNotFoundException(`CRL source ${id} was not found.`);
  return record;
}

const because = {
  notUrl: 'it is no http, https or file URL',
  unsupportedScheme: 'it is no http, https or file URL',
  credentials: 'it holds credentials',
  ambiguous: 'it does not say plainly which host or file it means',
  hostNotAllowed: 'its host and port are not in crlSources.hosts',
  directoryNotAllowed: 'its file is in none of crlSources.directories',
} as const;

/** The normal form of a URL that the settings allow. */
function allowed(url: string, call: Call): string {
  const verdict = call.fetchedCrls.judge(url, 'source');
  if (verdict.ok) return verdict.url.href;
  const sentence = `The settings of this server do not allow the URL: ${because[verdict.reason]}.`;
  throw ValidationException(sentence, { reason: verdict.reason });
}

function detail(record: CrlSourceRecord, call: Call): ValueOf<typeof CrlSourceDetail> {
  const { id, arn, trustAnchorArn, name, url, enabled, createdAt, updatedAt } = record;
  const {
    place: _place,
    list: kept,
    lastError,
    ...state
  } = call.fetchedCrls.stateOf(crlSourceKey(call, record)) ?? unknown;
  const { reason, detail: more } = lastError ?? {};
  return {
    crlSourceId: id,
    crlSourceArn: arn,
    trustAnchorArn,
    ...(name === null ? {} : { name }),
    url,
    enabled,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    status: statusOf(kept?.crl.nextUpdate, kept !== undefined, call.now),
    ...(kept && { crl: shownList(kept, call.now) }),
    ...state,
    ...(reason === undefined ? {} : { lastError: more === undefined ? reason : `${reason}: ${more}` }),
  };
}

/** Of a source that this server has not looked at yet. */
const unknown: Omit<CrlPlaceState, 'place'> & { readonly place?: undefined } = { failures: 0 };

function statusOf(nextUpdate: Date | undefined, isThere: boolean, now: Date) {
  if (!isThere) return 'unavailable';
  return nextUpdate !== undefined && nextUpdate < now ? 'stale' : 'current';
}

function shownList({ crl, verified }: NonNullable<CrlPlaceState['list']>, now: Date): ValueOf<typeof FetchedCrl> {
  const { issuer, thisUpdate, nextUpdate, entryCount, fingerprint, extensions } = crl;
  return {
    issuer: rfc2253(issuer),
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    ageSeconds: Math.floor((now.getTime() - thisUpdate.getTime()) / 1000),
    ...(extensions.cRLNumber === undefined ? {} : { crlNumber: extensions.cRLNumber.toString() }),
    entryCount,
    fingerprint,
    verified,
  };
}
