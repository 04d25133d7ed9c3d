// The errors STS's operations declare, with the codes as they travel.
// AWS doc: the service model of API version 2011-06-15.
import { commonError, error, type Reason, type ServiceError } from '../../contract/error.ts';

export const ExpiredTokenException = error('ExpiredTokenException', 400);
export const IDPCommunicationError = error('IDPCommunicationError', 400);
export const IDPRejectedClaim = error('IDPRejectedClaim', 403);
export const InvalidAuthorizationMessageException = error('InvalidAuthorizationMessageException', 400);
export const InvalidIdentityToken = error('InvalidIdentityToken', 400);
export const MalformedPolicyDocument = error('MalformedPolicyDocument', 400);
export const PackedPolicyTooLarge = error('PackedPolicyTooLarge', 400);

export function invalid(message: string): ServiceError {
  return commonError('validation', 'query', message);
}

export function denied(message: string, reason: Reason): ServiceError {
  return commonError('accessDenied', 'query', message, reason);
}

/** A value that no constraint of the shapes forbids. AWS seen: for tags. */
export function invalidParameter(message: string): ServiceError {
  return commonError('invalidParameter', 'query', message);
}
