// Keeps one binding's role fresh: a new state ahead of the end of the old, one refresh at a time, the last good credentials
// while a refresh fails, and never credentials that are over. Time is looked at, not waited for: a machine that slept wakes
// up to the right answer.
import type { Credentials, Role, RoleState } from './role-state.ts';

export type KeptWorld = {
  readonly now: () => Date;
  /** At least 0, below 1: jitter. */
  readonly random: () => number;
};

/** What happened to a binding. */
export type Refresh =
  | { readonly kind: 'refreshed'; readonly state: RoleState }
  | { readonly kind: 'refreshFailed'; readonly cause: unknown; readonly retryAt: Date };

export type KeptRole = {
  /** The state of now. Waits for a refresh only where no usable one is held and none was refused just before. */
  current(): Promise<RoleState>;
  /** What is held, as it is: for who watches. */
  held(): RoleState;
  /** Starts a refresh where one is due. To be called every few seconds. */
  tick(): void;
};

export type Loading = {
  /** One attempt at a new state. Rejects where it cannot be had. */
  readonly load: () => Promise<RoleState>;
  /** Whether the failure is a refusal, not a fault of the way. */
  readonly isRefusal: (cause: unknown) => boolean;
  /** The role that is asked for, where that is known before the first answer. */
  readonly role?: Role;
  readonly report: (refresh: Refresh) => void;
};

const minuteMs = 60_000;
/**
 * Milliseconds before the end at which new credentials are fetched, at most; a third of a short life. More than the 15
 * minutes at which botocore begins to ask for new ones. Spec: EC2 has new ones 5 minutes before the end at the latest.
 */
const refreshAheadMs = 20 * minuteMs;
/** A state without credentials is looked at again after so long, and a failure at the latest. */
const recheckMs = minuteMs;
const firstRetryMs = 1000;

/** Loads the first state and keeps it. Rejects with what the first load rejects with: who starts wrong is told at once. */
export async function keepRole(loading: Loading, world: KeptWorld): Promise<KeptRole> {
  return keptRole(loading, world, await checked(loading, world));
}

/** A state whose credentials are over already is none: the clocks differ. */
async function checked({ load }: Loading, { now }: KeptWorld): Promise<RoleState> {
  const state = await load();
  if (state.kind === 'granted' && isOver(state.credentials, now())) {
    const at = state.credentials.expiration.toISOString();
    throw new Error(`the new credentials ended at ${at}, before now: the clock of this host is ahead`);
  }
  return state;
}

function isOver({ expiration }: Credentials, now: Date): boolean {
  return expiration.getTime() <= now.getTime();
}

function keptRole(loading: Loading, world: KeptWorld, first: RoleState): KeptRole {
  const { now, random } = world;
  let state = first;
  let dueAt = dueAfter(state, world);
  let failures = 0;
  let flight: Promise<void> | undefined;
  loading.report({ kind: 'refreshed', state });

  const refresh = async () => {
    try {
      state = await checked(loading, world);
      failures = 0;
      dueAt = dueAfter(state, world);
      loading.report({ kind: 'refreshed', state });
    } catch (cause) {
      dueAt = now().getTime() + backOff(failures++, random());
      state = afterFailure(state, loading, cause, now());
      loading.report({ kind: 'refreshFailed', cause, retryAt: new Date(dueAt) });
    }
  };
  const refreshOnce = () => {
    flight ??= refresh().finally(() => {
      flight = undefined;
    });
    return flight;
  };
  const isDue = () => now().getTime() >= dueAt;
  return {
    async current() {
      if (isUsable(state, now())) {
        if (isDue()) void refreshOnce();
        return state;
      }
      if (flight !== undefined || isDue()) await refreshOnce();
      return isUsable(state, now()) ? state : withoutCredentials(state, now());
    },
    held: () => (isUsable(state, now()) ? state : withoutCredentials(state, now())),
    tick() {
      if (isDue()) void refreshOnce();
    },
  };
}

/** Whether the state may be given out: one without credentials may, until it is looked at again. */
function isUsable(state: RoleState, now: Date): boolean {
  return state.kind === 'granted' ? !isOver(state.credentials, now) : state.kind !== 'unavailable';
}

/** In milliseconds since 1970. */
function dueAfter(state: RoleState, { now, random }: KeptWorld): number {
  const start = now().getTime();
  if (state.kind !== 'granted') return start + recheckMs;
  const life = state.credentials.expiration.getTime() - start;
  // The jitter comes earlier, never later: hosts that started together do not stay together.
  return start + life - Math.min(refreshAheadMs, life / 3) - random() * (life / 10);
}

function backOff(failures: number, random: number): number {
  return Math.min(recheckMs, firstRetryMs * 2 ** failures) * (0.5 + random / 2);
}

/** What is left after a failed refresh: the last good credentials until they end, then why there are none. */
function afterFailure(state: RoleState, { isRefusal, role: asked }: Loading, cause: unknown, now: Date): RoleState {
  if (state.kind === 'granted' && !isOver(state.credentials, now)) return state;
  const role = ('role' in state ? state.role : undefined) ?? asked;
  const profile = 'profile' in state ? state.profile : undefined;
  const known = { lastUpdated: now, ...(profile && { profile }) };
  if (role !== undefined && isRefusal(cause)) return { kind: 'unauthorized', role, ...known };
  return { kind: 'unavailable', ...(role && { role }), ...known };
}

function withoutCredentials(state: RoleState, now: Date): RoleState {
  if (state.kind !== 'granted') return state;
  const { role, profile } = state;
  return { kind: 'unavailable', role, ...(profile && { profile }), lastUpdated: now };
}
