// The errors Roles Anywhere's operations declare. AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/
import { error } from '../../contract/error.ts';

export const ValidationException = error('ValidationException', 400);
export const ResourceNotFoundException = error('ResourceNotFoundException', 404);
export const AccessDeniedException = error('AccessDeniedException', 403);
