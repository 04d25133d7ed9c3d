// How a command that runs on is told to stop. Apart from `serve`: who only gives out credentials loads no server.

/** Resolves at the first SIGTERM or SIGINT from now on; a second one ends the process at once. */
export function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
    }
  });
}
