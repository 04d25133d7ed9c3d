// Asks the person at the terminal for a secret. Not standard input and output: a credential process talks to a program
// through those.
import { closeSync, openSync, writeSync } from 'node:fs';

const terminal = '/dev/tty';

/** Whether there is somebody to ask. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync(terminal, 'r+'));
    return true;
  } catch {
    return false;
  }
}

/** What was typed up to the end of the line; nothing of it is shown. Rejects when the terminal is closed. */
export async function askSecret(purpose: string): Promise<string> {
  const [{ createInterface }, { Writable }, { ReadStream }] = await Promise.all([
    import('node:readline'),
    import('node:stream'),
    import('node:tty'),
  ]);
  const screen = openSync(terminal, 'w');
  const input = new ReadStream(openSync(terminal, 'r'));
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    writeSync(screen, `anyrole: ${purpose}: `);
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => reject(new Error('interrupted')));
      lines.once('close', () => reject(new Error(`the terminal was closed before the ${purpose} came`)));
    });
  } finally {
    writeSync(screen, '\n');
    closeSync(screen);
    lines.close();
    input.destroy();
  }
}
