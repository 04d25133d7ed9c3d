// What will soon cease to be trusted: certificates of trust anchors that have expired, will, or are not valid yet, and the
// imported revocation lists of which that is true. A path fails with its anchor, and every workload of it at once.
import {
  integer,
  list,
  optional,
  required,
  string,
  structure,
  timestampInSeconds,
  type ValueOf,
} from '../../contract/shape.ts';
import type { Certificate } from '../../core/x509/certificate.ts';
import { daysLeft, expiryState } from '../../core/x509/expiry.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { positionOf, tokenOf } from '../records.ts';
import { placeOf, type TrustAnchorRecord, trustAnchors } from '../rolesanywhere/records.ts';
import { AccessDeniedException, ValidationException } from './errors.ts';
import { ExpiringCrl, expiringCrls } from './expiring-crls.ts';
import { arnOf, trustAnchorShown } from './records.ts';
import { endMembers, nextTokenMember, pageMembers, pageSizes, trustAnchorMembers } from './shapes.ts';

/** Days ahead, where the request does not say: as AWS's notifications of expiry. */
const defaultDays = 45;

const ExpiringCertificate = structure({
  ...trustAnchorMembers,
  subject: required(string(), { doc: 'The distinguished name, as RFC 2253 writes it.' }),
  serialNumber: required(string(), { doc: 'The serial number, decimal.' }),
  fingerprint: required(string(), { doc: 'SHA-256 of the certificate, lower-case hex.' }),
  notBefore: required(timestampInSeconds, { doc: 'The first instant of validity.' }),
  notAfter: required(timestampInSeconds, { doc: 'The last instant of validity.' }),
  ...endMembers,
});

export const ListExpiringCertificates = operation({
  doc: 'Lists certificates and imported CRLs of trust anchors that have expired, will within some days, or are not valid yet.',
  http: 'GET /expiring-certificates 200',
  effect: 'read',
  errors: [ValidationException, AccessDeniedException],
  input: structure({
    days: optional(integer({ min: 1, max: 3650 }), { in: 'query', doc: 'Days to look ahead. Absent: 45.' }),
    ...pageMembers,
  }),
  output: structure({
    certificates: required(list(ExpiringCertificate), { doc: 'The certificates, those that end first before others.' }),
    crls: required(list(ExpiringCrl), {
      doc: 'The CRLs, those that end first before others; a page holds both kinds.',
    }),
    ...nextTokenMember,
  }),
  access: (_input, call) => [{ resource: arnOf(call, 'certificate/*') }],
  async run({ days = defaultDays, nextToken, pageSize = pageSizes.default }, call) {
    const listing = `expiring-certificates\n${placeOf(call)}${days}`;
    const after = nextToken === undefined ? '' : positionOf(call, listing, nextToken);
    if (after === undefined) throw ValidationException('Invalid nextToken.');
    const found = await call.read((reader) => foundIn(reader, days, call));
    const rest = found.filter(({ position }) => position > after);
    const size = Math.min(pageSize, pageSizes.max);
    const page = rest.slice(0, size);
    const last = rest.length > size ? page.at(-1) : undefined;
    return {
      certificates: page.flatMap(({ certificate }) => certificate ?? []),
      crls: page.flatMap(({ crl }) => crl ?? []),
      nextToken: last && tokenOf(call, listing, last.position),
    };
  },
});

/** Every trust anchor of the account in the Region: as many as the quota says. */
async function anchorsOf(reader: Reader, call: Call): Promise<readonly TrustAnchorRecord[]> {
  const limit = 1000;
  const all: TrustAnchorRecord[] = [];
  for (let after: string | undefined; ; ) {
    const query = { prefix: placeOf(call), limit, ...(after === undefined ? {} : { after }) };
    const entries = await trustAnchors.list(reader, query);
    all.push(...entries.map(({ document: record }) => record));
    if (entries.length < limit) return all;
    after = entries.at(-1)?.key;
  }
}

type Found = {
  /** Unique, and in the order of the list. */
  readonly position: string;
  readonly certificate?: ValueOf<typeof ExpiringCertificate>;
  readonly crl?: ValueOf<typeof ExpiringCrl>;
};

/** What is found in all trust anchors, by its end. */
async function foundIn(reader: Reader, days: number, call: Call): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const anchor of await anchorsOf(reader, call)) {
    found.push(...expiring(anchor, days, call));
    for (const crl of await expiringCrls(reader, anchor, days, call))
      found.push({ position: `${crl.nextUpdate.toISOString()}/${anchor.id}/${crl.crlId}`, crl });
  }
  return found.sort((a, b) => (a.position < b.position ? -1 : 1));
}

function expiring(anchor: TrustAnchorRecord, days: number, { now, certificatesOf }: Call): readonly Found[] {
  return certificatesOf(anchor.x509CertificateData).flatMap((certificate, index) => {
    const state = expiryState(certificate, now, days);
    if (state === 'valid') return [];
    const position = `${certificate.notAfter.toISOString()}/${anchor.id}/${String(index).padStart(3, '0')}`;
    return [{ position, certificate: { ...trustAnchorShown(anchor), ...certificateShown(certificate, now), state } }];
  });
}

function certificateShown({ subject, serialNumber, fingerprint, notBefore, notAfter }: Certificate, now: Date) {
  return {
    subject: rfc2253(subject),
    serialNumber: serialNumber.toString(),
    fingerprint,
    notBefore,
    notAfter,
    daysLeft: daysLeft({ notAfter }, now),
  };
}
