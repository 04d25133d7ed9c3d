// What the library takes from the process it runs in: environment, clock, chance, waiting. A library has no main that
// injects them, so the defaults stand here, in the one file of this room that reads them, and every entry takes others.
import { randomUUID } from 'node:crypto';

export type Environment = Readonly<Record<string, string | undefined>>;

export type World = {
  readonly environment: Environment;
  readonly now: () => Date;
  /** At least 0, below 1: jitter, nothing secret. */
  readonly random: () => number;
  /** A UUID: the invocation's id. */
  readonly newId: () => string;
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
};

/** The world of this process, with what is given in the place of its own. */
export function worldOf(given: Partial<World> = {}): World {
  return {
    environment: process.env,
    now: () => new Date(),
    random: () => Math.random(),
    newId: () => randomUUID(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    ...given,
  };
}
