// Name constraints: is every name of a certificate inside the permitted and outside the excluded subtrees of a CA above it?
// One row per form says what "inside" means; a name that cannot be judged under a constraint on its form is refused.
// Spec: RFC 5280 §4.2.1.10, §6.1.3(b), §6.1.3(c).
import type { Certificate } from './certificate.ts';
import { hexOf } from './der.ts';
import type { NameConstraints } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { isEmpty, isWithin, isWrittenAlike, type Name, rfc2253 } from './name.ts';

/** Comparisons of a name with a subtree still allowed: shared by all the checks of one validation. */
export interface Comparisons {
  left: number;
}

/** Comparisons one validation may make: some tens of milliseconds. */
export const maxComparisons = 2 ** 20;

/** A name made ready for comparison; `unclear` when it has no part that a constraint could speak about. */
interface Judged {
  readonly name: GeneralName;
  /** Host in lower case: of a DNS name (perhaps with `*.` before it), a mail address or a URI. */
  readonly host: string;
  readonly unclear: boolean;
}

interface Subtree {
  readonly form: GeneralName['form'];
  /** Undefined: what the CA wrote is no constraint of this form. */
  readonly within: ((judged: Judged) => boolean) | undefined;
  /** What a comparison with it costs: a directory name has many RDNs. */
  readonly weight: number;
}

/**
 * The first name of `certificate` that the constraints forbid, as a clause; undefined when all names pass. Whether the
 * certificate is exempt (self-issued, not the last) is the caller's business.
 */
export function forbiddenName(
  certificate: Certificate,
  constraints: NameConstraints,
  comparisons: Comparisons,
): string | undefined {
  const names = namesOf(certificate);
  comparisons.left -= names.length + constraints.permitted.length + constraints.excluded.length;
  if (comparisons.left < 0) return 'more names and name constraints than can be compared';
  const permitted = constraints.permitted.map((base) => subtreeOf(base, 'permitted'));
  const excluded = constraints.excluded.map((base) => subtreeOf(base, 'excluded'));
  for (const form of new Set(names.map((name) => name.form))) {
    const inForm = ({ form: own }: { readonly form: string }) => own === form;
    const [mine, allowed, forbidden] = [names.filter(inForm), permitted.filter(inForm), excluded.filter(inForm)];
    comparisons.left -= mine.length * [...allowed, ...forbidden].reduce((sum, { weight }) => sum + weight, 0);
    if (comparisons.left < 0) return 'more names and name constraints than can be compared';
    if (allowed.length + forbidden.length === 0) continue;
    const subtrees = { allowed, forbidden, unreadable: [...allowed, ...forbidden].some(({ within }) => !within) };
    for (const name of mine) {
      const detail = verdict(judgedOf(name), subtrees);
      if (detail !== undefined) return detail;
    }
  }
  return undefined;
}

/** The subtrees of one form, and whether one of them is no constraint. */
interface Subtrees {
  readonly allowed: readonly Subtree[];
  readonly forbidden: readonly Subtree[];
  readonly unreadable: boolean;
}

function verdict(judged: Judged, { allowed, forbidden, unreadable }: Subtrees): string | undefined {
  const { name, unclear } = judged;
  if (unclear) return `${name.form} ${textOf(name)} cannot be judged, and its form is constrained`;
  if (unreadable) return `${name.form} ${textOf(name)} is under a constraint that cannot be read`;
  if (forbidden.some(({ within }) => within?.(judged))) return `${name.form} ${textOf(name)} is in an excluded subtree`;
  if (allowed.length === 0 || allowed.some(({ within }) => within?.(judged))) return undefined;
  return `${name.form} ${textOf(name)} is in no permitted subtree`;
}

/** Of a stranger's making: cut where it is longer than any honest name. */
function textOf(name: GeneralName): string {
  const text = name.form === 'directoryName' ? rfc2253(name.value) : name.value;
  return typeof text === 'string' ? JSON.stringify(text.slice(0, 256)) : hexOf(text.subarray(0, 64));
}

// Spec: RFC 5280 §4.2.1.10: the subject counts as a directoryName, and its emailAddress attributes as rfc822Names when
// there is no subjectAltName. Its CN is no dNSName.
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const directory: GeneralName[] = isEmpty(subject) ? [] : [{ form: 'directoryName', value: subject }];
  return [...directory, ...(extensions.subjectAltName?.map(withMailbox) ?? emailsIn(subject))];
}

// DER of the OBJECT IDENTIFIER id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9.
const smtpUtf8Mailbox = '06082b06010505070809';

// Spec: RFC 9598 §6: constraints on rfc822Names bind internationalised mailboxes too. Ours: those are not compared, so that
// one of them under such a constraint cannot be judged.
function withMailbox(name: GeneralName): GeneralName {
  const isMailbox = name.form === 'otherName' && hexOf(name.value).startsWith(smtpUtf8Mailbox);
  return isMailbox ? { form: 'email', value: '' } : name;
}

function emailsIn(subject: Name): GeneralName[] {
  return subject.attributes
    .filter(({ type }) => type === 'emailAddress')
    .map(({ value }) => ({ form: 'email' as const, value }));
}

const hostSyntax = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/**
 * In lower case; undefined for what is no host name. Spec: RFC 5280 §4.2.1.6 by way of RFC 1034 §3.5: the preferred syntax has
 * no final dot.
 */
function hostOf(text: string): string | undefined {
  const host = text.toLowerCase();
  return hostSyntax.test(host) ? host : undefined;
}

const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#@:]*)(?::\d*)?(?:[/?#]|$)/i;
// Spec: RFC 3986 §2: what stands outside of this, a backslash first of all, is read as a delimiter by some.
const uriSyntax = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/;
const ipv4 = /^\d+(?:\.\d+){3}$/;

/** The host a name speaks of; undefined when it speaks of none, and an empty one for the forms that never do. */
function hostIn(name: GeneralName): string | undefined {
  switch (name.form) {
    case 'dns': {
      const host = hostOf(name.value.replace(/^\*\./, ''));
      return host !== undefined && name.value.startsWith('*.') ? `*.${host}` : host;
    }
    case 'email': {
      const at = name.value.indexOf('@'); // Ours: a second one, lawful only inside quotes, leaves the host unclear.
      return at > 0 ? hostOf(name.value.slice(at + 1)) : undefined;
    }
    case 'uri': {
      // Spec: RFC 5280 §4.2.1.10: a URI without a host, or whose host is an address, is refused under a URI constraint.
      if (!uriSyntax.test(name.value)) return undefined;
      const host = hostOf(authority.exec(name.value)?.[1] ?? '');
      return host !== undefined && ipv4.test(host) ? undefined : host;
    }
    case 'ip':
    case 'directoryName':
      return '';
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      // Spec: RFC 5280 §4.2.1.10: a form that is not processed, constrained and present, refuses the certificate.
      return undefined;
  }
}

function judgedOf(name: GeneralName): Judged {
  const host = hostIn(name);
  return { name, host: host ?? '', unclear: host === undefined };
}

function subtreeOf(base: GeneralName, side: 'permitted' | 'excluded'): Subtree {
  const plain = { form: base.form, weight: 1 };
  switch (base.form) {
    case 'dns':
      return { ...plain, within: dnsWithin(base.value, side) };
    case 'email':
      return { ...plain, within: emailWithin(base.value) };
    case 'uri':
      return { ...plain, within: hostWithin(base.value) };
    case 'ip':
      return { ...plain, within: ipWithin(base.value) };
    case 'directoryName':
      return {
        form: base.form,
        within: directoryWithin(base.value, side),
        weight: Math.max(base.value.rdnKeys.length, 1),
      };
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return { ...plain, within: () => false }; // never asked: such names are unclear
  }
}

// Ours: a name is permitted only by a subtree that is written like it, and excluded by one that is equal: the stricter reading
// both times.
function directoryWithin(base: Name, side: 'permitted' | 'excluded'): Subtree['within'] {
  return ({ name }) => {
    if (name.form !== 'directoryName' || !isWithin(name.value, base)) return false;
    return side === 'excluded' || isWrittenAlike({ rdns: name.value.rdns.slice(0, base.rdns.length) }, base);
  };
}

const isHost = (text: string): boolean => hostOf(text) !== undefined;

// Ours: a leading dot, which RFC 5280 knows only for hosts of URIs and mail, asks for one more label when permitted and is
// ignored when excluded: the stricter reading both times.
function dnsWithin(constraint: string, side: 'permitted' | 'excluded'): Subtree['within'] {
  const written = constraint.toLowerCase();
  const bare = written.replace(/^\./, '');
  if (constraint !== '' && !isHost(bare)) return undefined;
  const base = side === 'excluded' ? bare : written;
  const suffix = base.startsWith('.') ? base : `.${base}`;
  const parent = base.slice(base.indexOf('.') + 1);
  return ({ host }) => {
    if (base === '' || host === base || host.endsWith(suffix)) return true;
    // `*.example.com` stands for `a.example.com` too: it touches an excluded `a.example.com`, and lies in no such permitted one.
    return side === 'excluded' && host === `*.${parent}`;
  };
}

/** A host under `.example.com`, or exactly `example.com`. */
function hostWithin(constraint: string): Subtree['within'] {
  const base = constraint.toLowerCase();
  if (!isHost(base.replace(/^\./, ''))) return undefined;
  return base.startsWith('.')
    ? ({ host }) => host.endsWith(base) && host.length > base.length
    : ({ host }) => host === base;
}

// Spec: RFC 5280 §7.5: the local part is compared exactly, the host without case.
function emailWithin(constraint: string): Subtree['within'] {
  const at = constraint.lastIndexOf('@');
  const within = hostWithin(constraint.slice(at + 1));
  if (at < 0 || !within) return within;
  const mailbox = constraint.slice(0, at + 1);
  if (mailbox.indexOf('@') !== at || at === 0 || constraint[at + 1] === '.') return undefined;
  return (judged) => {
    const { name } = judged;
    return name.form === 'email' && name.value.startsWith(mailbox) && within(judged);
  };
}

function ipWithin(constraint: Uint8Array): Subtree['within'] {
  const length = constraint.length / 2;
  return ({ name }) => {
    if (name.form !== 'ip' || name.value.length !== length) return false;
    for (let at = 0; at < length; at++) {
      const differing = (name.value[at] ?? 0) ^ (constraint[at] ?? 0);
      if ((differing & (constraint[length + at] ?? 0)) !== 0) return false;
    }
    return true;
  };
}
