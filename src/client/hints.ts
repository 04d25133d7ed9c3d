// What to do about a refusal: the server tells the stranger little, but the clock, the certificate and the code are known here.
import type { Refusal } from './answers.ts';
import { proxyHint } from './proxy.ts';

/** What is known here of a request that was refused. */
export type Asked = {
  /** When it was signed, by the clock here. */
  readonly signedAt: Date;
  /** The answer's Date header, as it stands. */
  readonly date: string | undefined;
  readonly roleArn: string;
};

/** Minutes the two clocks may differ before that is named. AWS allows some more. */
const tolerableMinutes = 2;

/** What to do about the refusal, as a clause; undefined where nothing is known. */
export function hintFor({ code, status, message }: Refusal, asked: Asked): string | undefined {
  const clock = status === 403 || status === 400 ? clockHint(asked) : undefined;
  if (clock !== undefined) return clock;
  if (code === 'ThrottlingException' || status === 429) return 'ask less often: let processes share one session';
  if (status === 407) return proxyHint(status);
  if (status >= 500) return 'the server has a fault, ask again later';
  // Messages are read for a hint alone: nothing is decided by them.
  const row = rows.find(([pattern]) => pattern.test(message));
  return row?.[1].replace('{role}', asked.roleArn);
}

const rows: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/Invalid signature/i, 'was the request changed on its way, by a proxy or another Host?'],
  [/Untrusted signing certificate/i, 'give the intermediates, or look whether the trust anchor is of this CA'],
  [
    /Insufficient certificate/i,
    'the certificate must be no CA, be in its time, and be made for digitalSignature and clientAuth',
  ],
  [/Certificate revoked/i, 'the certificate stands on a revocation list: get a new one'],
  [/Trust Anchor wasn't found/i, "look at the trust anchor's ARN, its account and its Region"],
  [/Trust Anchor is disabled/i, 'enable the trust anchor'],
  [/empty profile/i, "look at the profile's ARN, and whether it is enabled"],
  [/listed in the Profile/i, 'add {role} to the roles of the profile'],
  [/MaxSessionDuration/i, "ask for fewer seconds, or raise the role's MaxSessionDuration"],
  [
    /Unable to assume role/i,
    'the trust policy of {role} must allow rolesanywhere.amazonaws.com sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity, and its conditions must hold',
  ],
  [/set roleSessionName/i, 'leave the session name out, or let the profile accept one (acceptRoleSessionName)'],
];

function clockHint({ signedAt, date }: Asked): string | undefined {
  const serverTime = date === undefined ? Number.NaN : Date.parse(date);
  const minutes = Math.round((signedAt.getTime() - serverTime) / 60_000);
  if (Number.isNaN(minutes) || Math.abs(minutes) < tolerableMinutes) return undefined;
  return `the clock here is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'ahead of' : 'behind'} the server's: set it`;
}

/** The certificate's time is over, or not yet come: said in days, as people count them. */
export function validityHint(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  now: Date,
) {
  if (now > notAfter) return { code: 'CertificateExpired', said: `expired ${distance(now, notAfter)}` } as const;
  if (now < notBefore) return { code: 'CertificateNotYetValid', said: `is valid ${distance(now, notBefore)}` } as const;
  return undefined;
}

function distance(now: Date, then: Date): string {
  const day = (date: Date) => Math.floor(date.getTime() / 86_400_000);
  const days = day(then) - day(now);
  const isPast = then <= now;
  const text = then.toISOString().replace('.000Z', 'Z');
  if (days === 0) return `${isPast ? 'today' : 'from today'} (${text})`;
  if (days === -1) return `yesterday (${text})`;
  if (days === 1) return `from tomorrow on (${text})`;
  return isPast ? `${-days} days ago (${text})` : `in ${days} days (${text})`;
}
