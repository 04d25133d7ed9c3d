// Asks again where that may help, as the SDKs do: which failures may pass, how often, and how long to wait in between.
import { failure, RolesAnywhereError, saidToWaitMilliseconds } from './errors.ts';
import type { ConnectionOptions } from './options.ts';
import type { Environment, World } from './world.ts';

const defaultMaxAttempts = 3;

/** What `ask` answers; it gets the number of the attempt, from 1. Rejects with what the last attempt rejected with. */
export async function attempted<T>(
  maxAttempts: number,
  { sleep, random }: Pick<World, 'sleep' | 'random'>,
  ask: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(attempt);
    } catch (error) {
      if (attempt === maxAttempts || !mayPass(error)) throw error;
      await sleep(pauseMilliseconds(attempt, random(), error));
    }
  }
}

/** How many attempts there may be. Throws RolesAnywhereError: `InvalidOptions`. */
export function attemptsOf({ maxAttempts }: ConnectionOptions, { AWS_MAX_ATTEMPTS }: Environment): number {
  const attempts = maxAttempts ?? Number(AWS_MAX_ATTEMPTS || defaultMaxAttempts);
  if (Number.isInteger(attempts) && attempts >= 1 && attempts <= 10) return attempts;
  throw failure('InvalidOptions', `maxAttempts is ${maxAttempts ?? `\`${AWS_MAX_ATTEMPTS}\``}, expected 1 to 10`);
}

/** Whether asking again may bring another answer. AWS seen: the helper asks again after just these. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof RolesAnywhereError)) return false;
  const { code, status } = error;
  if (code === 'TimedOut') return true;
  // A proxy's refusal has a status.
  if (code === 'NotReached') return status === undefined || status >= 500;
  if (code === 'UnusableAnswer') return false;
  return status !== undefined && (status === 429 || status >= 500 || /^Throttl|^TooManyRequests/.test(code));
}

const longestPauseMilliseconds = 20_000;

/**
 * Between an eighth of a second and one, then twice, four times … as long; as long as the server says to wait where that is
 * longer; at most twenty seconds.
 */
function pauseMilliseconds(attempt: number, random: number, error: unknown): number {
  const own = 1000 * 2 ** (attempt - 1) * (0.125 + 0.875 * random);
  return Math.min(longestPauseMilliseconds, Math.max(own, saidToWaitMilliseconds(error)));
}
