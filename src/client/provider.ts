// Keeps a session fresh for any number of callers: one CreateSession at a time, begun before the session expires, and the last
// good session for as long as it lasts when none can be had. There is no timer: whoever asks sets it going.
import { createSession } from './create-session.ts';
import { saidToWaitMilliseconds } from './errors.ts';
import type { RolesAnywhereOptions } from './options.ts';
import type { Session } from './session.ts';
import { type World, worldOf } from './world.ts';

/** What is kept and how to get it. */
export type SessionKeeper = {
  /** A session that has not expired. `forceRefresh`: a new one. Rejects with RolesAnywhereError when there is none. */
  readonly session: (wish?: { readonly forceRefresh?: boolean }) => Promise<Session>;
  /** What is there without asking: the last good session, expired or not, and why the last attempt failed, if it did. */
  readonly standing: () => { readonly session?: Session; readonly failure?: unknown };
};

/** Seconds before expiry from which a new session is asked for, while callers get the old one; a quarter of its life at most. */
const aheadSeconds = 15 * 60;
/** Seconds before expiry from which callers wait for the new one. */
const waitSeconds = 60;
/** Seconds between attempts that fail while an old session lasts: at first, and at most. */
const firstPauseSeconds = 5;
const longestPauseSeconds = 60;

/** Keeps sessions of these options. Nothing is read or asked before the first call. */
export function keepSession(options: RolesAnywhereOptions): SessionKeeper {
  const world = worldOf(options.world);
  return keep(() => createSession(options), world);
}

/** The keeper over any source of sessions. */
export function keep(create: () => Promise<Session>, { now, random }: Pick<World, 'now' | 'random'>): SessionKeeper {
  let session: Session | undefined;
  let failure: unknown;
  let failures = 0;
  /** Instants in milliseconds: from when to ask ahead, and before which not to ask again after a failure. */
  let askFrom = 0;
  let pausedUntil = 0;
  let flight: Promise<Session> | undefined;

  const left = () => (session === undefined ? 0 : session.expiration.getTime() - now().getTime());

  async function refresh(): Promise<Session> {
    try {
      session = await create();
      failure = undefined;
      failures = 0;
      pausedUntil = 0;
      askFrom = session.expiration.getTime() - aheadMilliseconds(left(), random());
      return session;
    } catch (error) {
      failure = error;
      pausedUntil = now().getTime() + pauseMilliseconds(failures++, random(), error);
      throw error;
    } finally {
      flight = undefined;
    }
  }

  function refreshed(): Promise<Session> {
    flight ??= refresh();
    return flight;
  }

  /** The new session, or the old one for as long as it lasts. */
  async function refreshedOrOld(): Promise<Session> {
    try {
      return await refreshed();
    } catch (error) {
      if (session !== undefined && left() > 0) return session;
      throw error;
    }
  }

  return {
    standing: () => ({ ...(session && { session }), ...(failure !== undefined && { failure }) }),
    async session({ forceRefresh = false } = {}) {
      if (session === undefined || left() <= 0 || forceRefresh) return refreshed();
      const instant = now().getTime();
      if (instant < askFrom || instant < pausedUntil) return session;
      if (left() <= waitSeconds * 1000) return refreshedOrOld();
      // Its failure is kept, and told when the old session has expired.
      refreshed().catch(() => {});
      return session;
    },
  };
}

/** How long before expiry to ask: up to a fifth earlier by chance, so that a fleet does not ask at once. */
function aheadMilliseconds(life: number, random: number): number {
  return Math.min(aheadSeconds * 1000, life / 4) * (1 + random / 5);
}

/** Ever longer, as long as the server says where that is longer, and bounded: an old session may be near its end. */
function pauseMilliseconds(failures: number, random: number, error: unknown): number {
  const longest = longestPauseSeconds * 1000;
  const own = Math.min(longest, firstPauseSeconds * 1000 * 2 ** Math.min(failures, 10)) * (1 - random / 4);
  return Math.max(own, Math.min(longest, saidToWaitMilliseconds(error)));
}
