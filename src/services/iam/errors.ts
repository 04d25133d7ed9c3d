// The errors IAM's operations declare, with the codes as they travel.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
import { error } from '../../contract/error.ts';

export const ConcurrentModification = error('ConcurrentModification', 409);
export const DeleteConflict = error('DeleteConflict', 409);
export const EntityAlreadyExists = error('EntityAlreadyExists', 409);
export const EntityTemporarilyUnmodifiable = error('EntityTemporarilyUnmodifiable', 409);
export const InvalidInput = error('InvalidInput', 400);
export const InvalidUserType = error('InvalidUserType', 400);
export const LimitExceeded = error('LimitExceeded', 409);
export const MalformedPolicyDocument = error('MalformedPolicyDocument', 400);
export const NoSuchEntity = error('NoSuchEntity', 404);
export const PasswordPolicyViolation = error('PasswordPolicyViolation', 400);
export const PolicyNotAttachable = error('PolicyNotAttachable', 400);
export const ReportExpired = error('ReportExpired', 410);
export const ReportNotPresent = error('ReportNotPresent', 410);
export const ServiceFailure = error('ServiceFailure', 500);
export const UnmodifiableEntity = error('UnmodifiableEntity', 400);
