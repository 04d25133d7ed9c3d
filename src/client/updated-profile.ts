// Keeps a profile of the shared credentials file filled: a session now, another before it ends. A failure is told and tried
// again, never the end: the file's credentials are good yet, and the official helper's exit leaves them to run out.
import { failure, RolesAnywhereError, saidToWaitMilliseconds } from './errors.ts';
import { withProfileKeys } from './profile-text.ts';
import { changeFile } from './replaced-file.ts';
import type { Session } from './session.ts';
import type { World } from './world.ts';

/** Which profile, from where, and who is told. */
export type UpdatedProfile = {
  readonly path: string;
  readonly profile: string;
  readonly create: () => Promise<Session>;
  readonly world: Pick<World, 'now' | 'random' | 'sleep'>;
  /** A profile was written; the next session is asked for at `next`. */
  readonly updated: (session: Session, next: Date) => void;
  /** A session could not be had or written; it is tried again after so many seconds. */
  readonly failed: (failure: unknown, pauseSeconds: number) => void;
};

/** Before the end, as the official helper does; of a short session a quarter. */
const aheadMs = 5 * 60 * 1000;
/** Between attempts that fail: at first, and at most. */
const firstPauseSeconds = 5;
const longestPauseSeconds = 60;
/** A machine that slept wakes up to old credentials: the clock is looked at this often. */
const longestSleepMs = 30_000;

/** Writes the profile once. Rejects with RolesAnywhereError or the file system's error; the file is as it was then. */
export async function updateProfile({ path, profile, create }: UpdatedProfile): Promise<Session> {
  const session = await create();
  await changeFile(path, (old) => {
    const result = withProfileKeys(old?.toString('latin1') ?? '', profile, session);
    if (result.ok) return Buffer.from(result.text, 'latin1');
    throw failure('InvalidOptions', `the profile \`${profile}\` cannot be written: ${result.reason}`);
  });
  return session;
}

/** Writes the profile again and again, while `goOn` says so. Rejects when the options themselves cannot be used. */
export async function keepProfileUpdated(asked: UpdatedProfile, goOn: () => boolean): Promise<void> {
  const { world } = asked;
  for (let failures = 0; goOn(); ) {
    try {
      const next = nextRefresh(await updateProfile(asked), world, asked.updated);
      failures = 0;
      while (goOn() && world.now() < next) {
        await world.sleep(Math.min(longestSleepMs, next.getTime() - world.now().getTime()));
      }
    } catch (error) {
      if (isHopeless(error)) throw error;
      const pause = Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** Math.min(failures++, 10));
      const said = Math.min(longestPauseSeconds, saidToWaitMilliseconds(error) / 1000);
      const seconds = Math.max(said, pause * (1 - world.random() / 4));
      asked.failed(error, seconds);
      await world.sleep(seconds * 1000);
    }
  }
}

/** Up to a minute earlier by chance: a fleet does not ask at once. Always some seconds ahead, whatever the server says. */
function nextRefresh(
  session: Session,
  { now, random }: UpdatedProfile['world'],
  updated: UpdatedProfile['updated'],
): Date {
  const life = session.expiration.getTime() - now().getTime();
  const ahead = Math.min(aheadMs, life / 4) * (1 + random() / 5);
  const next = new Date(now().getTime() + Math.max(life - ahead, firstPauseSeconds * 1000));
  updated(session, next);
  return next;
}

/** No later attempt with the same flags does better; with a wrong PIN it would lock the token. */
const hopeless = ['InvalidOptions', 'RegionMismatch', 'PasswordMissing', 'PasswordWrong'];

function isHopeless(error: unknown): boolean {
  return error instanceof RolesAnywhereError && hopeless.includes(error.code);
}
