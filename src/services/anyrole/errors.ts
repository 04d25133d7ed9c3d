// The errors that the operator's operations declare, in the words of Roles Anywhere's.
import { error } from '../../contract/error.ts';

export const ValidationException = error('ValidationException', 400);
export const ResourceNotFoundException = error('ResourceNotFoundException', 404);
export const AccessDeniedException = error('AccessDeniedException', 403);
