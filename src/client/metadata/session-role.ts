// A role that CreateSession gives: one attempt at its credentials, and which failures are its word rather than the way's.
import { createSession } from '../create-session.ts';
import { RolesAnywhereError } from '../errors.ts';
import type { RolesAnywhereOptions } from '../options.ts';
import type { Role, RoleState } from './role-state.ts';

/** One attempt at a session of the role. Rejects with RolesAnywhereError. */
export function sessionLoader(options: RolesAnywhereOptions, role: Role, now: () => Date): () => Promise<RoleState> {
  return async () => ({ kind: 'granted', role, credentials: await createSession(options), lastUpdated: now() });
}

/** Whether CreateSession refused; not IAM, whose codes end otherwise, and not a proxy. */
export function isSessionRefusal(cause: unknown): boolean {
  return cause instanceof RolesAnywhereError && cause.status === 403 && cause.code.endsWith('Exception');
}
