// Imported revocation lists that are past their nextUpdate, soon will be, or are not valid yet. Whether an old one still speaks
// is the trust anchor's policy to say; that nobody has imported the next one, the operator must hear.
import { boolean, required, string, structure, timestampInSeconds, type ValueOf } from '../../contract/shape.ts';
import { daysLeft, expiryState } from '../../core/x509/expiry.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import type { Reader } from '../../store/store.ts';
import type { Call } from '../call.ts';
import {
  type CrlEntry,
  crls,
  crlsOfTrustAnchors,
  maxCrls,
  placeOf,
  type TrustAnchorRecord,
  underAnchor,
} from '../rolesanywhere/records.ts';
import { trustAnchorShown } from './records.ts';
import { endMembers, trustAnchorMembers } from './shapes.ts';

/** An imported list as ListExpiringCertificates shows it. */
export const ExpiringCrl = structure({
  ...trustAnchorMembers,
  crlId: required(string(), { doc: "The CRL's unique identifier." }),
  crlArn: required(string(), { doc: 'The ARN of the CRL.' }),
  crlName: required(string(), { doc: "The CRL's name." }),
  crlEnabled: required(boolean, { doc: 'Whether CreateSession asks the CRL.' }),
  issuer: required(string(), { doc: 'The distinguished name of its issuer, as RFC 2253 writes it.' }),
  thisUpdate: required(timestampInSeconds, { doc: 'When it was issued.' }),
  nextUpdate: required(timestampInSeconds, { doc: 'When the next is issued at the latest.' }),
  ...endMembers,
});

/** The imported lists of a trust anchor that are not well; one that names no nextUpdate never is otherwise. */
export async function expiringCrls(
  reader: Reader,
  anchor: TrustAnchorRecord,
  days: number,
  call: Call,
): Promise<readonly ValueOf<typeof ExpiringCrl>[]> {
  const prefix = underAnchor(call, anchor.id);
  const entries = await crlsOfTrustAnchors.list(reader, { prefix, limit: maxCrls });
  const shown: ValueOf<typeof ExpiringCrl>[] = [];
  for (const { key, document: record } of entries) {
    const crl = await expiringCrl(reader, key.slice(prefix.length), record, days, call);
    if (crl) shown.push({ ...trustAnchorShown(anchor), ...crl });
  }
  return shown;
}

async function expiringCrl(reader: Reader, id: string, { digest }: CrlEntry, days: number, call: Call) {
  const record = await crls.get(reader, placeOf(call) + id);
  if (!record) return undefined;
  const crl = await call.crlOf(digest, async () => Buffer.from(record.crlData, 'base64'));
  const { issuer, thisUpdate, nextUpdate } = crl;
  if (nextUpdate === undefined) return undefined;
  const state = expiryState({ notBefore: thisUpdate, notAfter: nextUpdate }, call.now, days);
  if (state === 'valid') return undefined;
  return {
    crlId: id,
    crlArn: record.arn,
    crlName: record.name,
    crlEnabled: record.enabled,
    issuer: rfc2253(issuer),
    thisUpdate,
    nextUpdate,
    daysLeft: daysLeft({ notAfter: nextUpdate }, call.now),
    state,
  };
}
