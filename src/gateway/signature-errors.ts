// What callers read whose signature is absent, unreadable or wrong: AWS's sentences, one table for each kind of failure.
// No sentence and no reason repeats a canonical request, for it may hold a session token.
import { commonError, type ProtocolName, type ServiceError } from '../contract/error.ts';
import type { ParsedSignature, ParseFailure, VerifyFailure } from '../core/signature/hmac.ts';
import type { X509ParseFailure } from '../core/signature/x509.ts';

/** AWS seen: the sentences of dynalite's field notes (REST-JSON) and of IAM and STS (Query). */
export function unreadable(failure: ParseFailure, protocol: ProtocolName): ServiceError {
  switch (failure.reason) {
    case 'missing':
      return commonError(
        'missingAuthentication',
        protocol,
        protocol === 'query' ? 'Request is missing Authentication Token' : 'Missing Authentication Token',
      );
    case 'malformedAuthorization':
      return commonError('incompleteSignature', protocol, missingParts(failure));
    case 'unsupportedAlgorithm':
      return commonError('incompleteSignature', protocol, "Unsupported AWS 'algorithm'.");
    case 'bothForms':
      return commonError(
        'invalidSignature',
        protocol,
        'Found both X-Amz-Algorithm as a query-string param and Authorization as HTTP header.',
      );
    case 'malformedCredential':
      return commonError(
        'incompleteSignature',
        protocol,
        'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.',
      );
    case 'malformedDate':
      return commonError('incompleteSignature', protocol, 'Date must be in ISO-8601 basic format.');
    case 'duplicateHeader':
    case 'duplicateParameter':
      return commonError('incompleteSignature', protocol, `'${failure.name.slice(0, 100)}' is given more than once.`);
    case 'malformedExpires':
      return commonError('incompleteSignature', protocol, 'X-Amz-Expires must be a number of seconds up to 604800.');
    case 'malformedPair':
    case 'malformedSignedHeaders':
    case 'malformedSignature':
    case 'oversized':
      return commonError('incompleteSignature', protocol, 'The request signature does not conform to AWS standards.');
  }
}

function missingParts({ presigned, missing }: { readonly presigned: boolean; readonly missing: readonly string[] }) {
  if (presigned) {
    const named = missing.map((part) => `AWS query-string parameters must include '${part}'.`);
    return `${named.join(' ')} Re-examine the query-string parameters.`;
  }
  return missing
    .map((part) =>
      part === 'X-Amz-Date'
        ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        : `Authorization header requires '${part}' parameter.`,
    )
    .join(' ');
}

/** The signature was read and does not hold. */
export function unproved(failure: VerifyFailure, parsed: ParsedSignature, protocol: ProtocolName): ServiceError {
  return commonError('invalidSignature', protocol, unprovedText(failure, parsed), { reason: failure.reason });
}

function unprovedText(failure: VerifyFailure, parsed: ParsedSignature): string {
  switch (failure.reason) {
    case 'expired':
      return `Signature expired: ${basic(failure.signatureTime)} is now earlier than ${basic(failure.limit)} (${basic(failure.serverTime)} - ${minutes(failure.serverTime, failure.limit)} min.)`;
    case 'notYetCurrent':
      return `Signature not yet current: ${basic(failure.signatureTime)} is still later than ${basic(failure.limit)} (${basic(failure.serverTime)} + ${minutes(failure.limit, failure.serverTime)} min.)`;
    case 'scopeRegion':
    case 'scopeService':
    case 'scopeTerminator':
    case 'scopeDate':
      return failure.problems.map((problem) => scopeSentences[problem.reason](problem, parsed.amzDate)).join('');
    case 'hostUnsigned':
      return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    case 'unsignedHeader':
    case 'signedHeaderMissing':
    case 'payloadMismatch':
    case 'mismatch':
      return 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
  }
}

type ScopeFacts = { readonly expected: string; readonly got: string };
const scopeSentences = {
  scopeRegion: () => 'Credential should be scoped to a valid region. ',
  scopeService: ({ expected }: ScopeFacts) => `Credential should be scoped to correct service: '${expected}'. `,
  scopeTerminator: ({ expected, got }: ScopeFacts) =>
    `Credential should be scoped with a valid terminator: '${expected}', not '${got.slice(0, 100)}'. `,
  scopeDate: ({ expected, got }: ScopeFacts, amzDate: string) =>
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${got}' != '${expected}', from '${amzDate}'. `,
};

/** The scope's Region is not one. */
export function invalidRegion(protocol: ProtocolName): ServiceError {
  return commonError('invalidSignature', protocol, scopeSentences.scopeRegion());
}

/** The answer to a signature whose scope names a service that is not served. */
export function unknownService(protocol: ProtocolName): ServiceError {
  return commonError('invalidSignature', protocol, 'Credential should be scoped to correct service. ');
}

function basic(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function minutes(later: Date, earlier: Date): number {
  return Math.round((later.getTime() - earlier.getTime()) / 60_000);
}

/** What a CreateSession without a readable certificate signature is told. */
export function unreadableX509(failure: X509ParseFailure): ServiceError {
  switch (failure.reason) {
    case 'missing':
      return commonError('missingAuthentication', 'rest-json', 'Missing Authentication Token');
    case 'malformedAuthorization':
      return commonError(
        'incompleteSignature',
        'rest-json',
        missingParts({ presigned: false, missing: failure.missing }),
      );
    case 'malformedCertificate':
      return badHeader('The X-Amz-X509 header must hold one certificate, DER in base64.', failure.reason);
    case 'malformedChain':
      return badHeader(
        'The X-Amz-X509-Chain header must hold certificates, DER in base64, joined by commas.',
        failure.reason,
      );
    case 'duplicateHeader':
      return badHeader(`The header ${failure.name} is given more than once.`, failure.reason);
    case 'unsupportedAlgorithm':
    case 'malformedPair':
    case 'malformedCredential':
    case 'malformedDate':
    case 'malformedSignedHeaders':
    case 'malformedSignature':
    case 'oversized':
      return invalidX509(failure.reason);
  }
}

/** AWS seen: one sentence for every certificate signature that does not hold. */
export function invalidX509(reason: string): ServiceError {
  return commonError('accessDenied', 'rest-json', 'Invalid signature', { reason });
}

/** A certificate header that is not what it must be. AWS doc: the signing process names the headers and their forms. */
function badHeader(message: string, reason: string): ServiceError {
  const rule = 'Roles Anywhere user guide, signing process';
  return commonError('validation', 'rest-json', message, { reason, cause: 'header', rule, detail: message });
}

/** The header holds bytes that are no certificate; the fingerprint is theirs. */
export function malformedCertificate(detail: string, certificate: string): ServiceError {
  const reason = { reason: 'malformedCertificate', cause: 'malformed', rule: 'RFC 5280 §4.1', detail, certificate };
  return commonError('validation', 'rest-json', 'The X-Amz-X509 header does not hold a certificate.', reason);
}
