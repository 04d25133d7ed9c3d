// The list in fetched bytes. A big one is read by a thread of its own: a million entries take more than half a second, in
// which the server would answer nobody. The thread gives back what its pass over the entries found, which is plain memory.
import { Worker } from 'node:worker_threads';
import { type ParsedCrl, parseCrl } from '../core/x509/crl.ts';
import type { ThreadAnswer } from './parse-thread.ts';

/** Lists of fewer bytes are read where they are needed: in less time than a thread takes to start. */
const bigBytes = 2 * 1024 * 1024;

/** The list, or what is wrong with the bytes. Never rejects. */
export async function parseList(bytes: Uint8Array, big = bigBytes): Promise<ParsedCrl> {
  if (bytes.length < big) return parseCrl(bytes);
  const answer = await threadAnswer(bytes).catch(() => undefined);
  // Without a thread, better late than never.
  if (answer === undefined) return parseCrl(bytes);
  return answer.ok ? parseCrl(answer.der, answer.tables) : answer;
}

function threadAnswer(bytes: Uint8Array): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    // `.ts` here, `.js` in the package.
    const thread = new Worker(new URL(`./parse-thread${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: bytes,
    });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread ended without an answer')));
  });
}
