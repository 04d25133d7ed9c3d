// The errors Roles Anywhere's operations declare. AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/
import { error, type Reason, type ServiceError } from '../../contract/error.ts';

export const ValidationException = error('ValidationException', 400);
export const ResourceNotFoundException = error('ResourceNotFoundException', 404);
export const AccessDeniedException = error('AccessDeniedException', 403);
export const TooManyTagsException = error('TooManyTagsException', 400);

/** AWS seen: one sentence for all that keeps STS from assuming the role; some causes add a second. */
export function unassumable(roleArn: string, reason: Reason, more = ''): ServiceError {
  return AccessDeniedException(`Unable to assume role for ${roleArn}.${more}`, reason);
}
