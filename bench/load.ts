// The load: some connections, each sending one prepared request after another and waiting for the answer. Raw sockets and
// bytes made beforehand, so that the generator takes as little of the machine as it can.
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Answer, complete, connected } from './wire.ts';

/** Whole HTTP/1.1 requests; undefined when there are no more. */
export type Supply = () => Uint8Array | undefined;

export type LoadTraits = {
  /** `http://HOST:PORT`. */
  readonly url: string;
  readonly supply: Supply;
  readonly connections: number;
  /** After so many seconds no more requests are sent; those under way are waited for. */
  readonly seconds: number;
  /** The status of success; any other answer is counted as a failure. */
  readonly status: number;
};

export type LoadResult = {
  readonly requestsPerSecond: number;
  /** Milliseconds from write to complete answer, ascending. */
  readonly latencies: Float64Array;
  readonly answers: number;
  /** Milliseconds of processor time that this process took meanwhile. */
  readonly processorMs: number;
  /** Milliseconds from the first request to the last answer. */
  readonly ms: number;
  readonly failures: number;
  /** The first answer that failed, whole, as text. */
  readonly firstFailure: string | undefined;
  /** Bytes of the first answer, and of its body. */
  readonly firstBytes: number;
  readonly firstBodyBytes: number;
};

/** A connection on which nothing moves for so long fails the measurement. */
const stallMs = 15_000;

/** Sends until time or supply are over. Rejects when a connection fails, closes unasked or stalls. */
export async function load({ url, supply, connections, seconds, status }: LoadTraits): Promise<LoadResult> {
  const lines = await Promise.all(Array.from({ length: connections }, () => lineTo(url)));
  const latencies: number[] = [];
  let failures = 0;
  let firstFailure: string | undefined;
  let first: Answer | undefined;
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1000;
  let last = start;
  const next = () => (performance.now() < end ? supply() : undefined);
  const answered = (answer: Answer, sentAt: number) => {
    last = performance.now();
    latencies.push(last - sentAt);
    // Its bytes are the connection's, which reads the next answer into them.
    first ??= { ...answer, bytes: Buffer.from(answer.bytes) };
    if (answer.status === status) return;
    failures++;
    firstFailure ??= answer.bytes.toString('latin1');
  };
  await Promise.all(lines.map((line) => converse({ url, line, next, answered })));
  const { user, system } = process.cpuUsage(before);
  const ms = last - start;
  return {
    requestsPerSecond: ms === 0 ? 0 : (latencies.length * 1000) / ms,
    latencies: Float64Array.from(latencies).sort(),
    answers: latencies.length,
    processorMs: (user + system) / 1000,
    ms,
    failures,
    firstFailure,
    firstBytes: first?.bytes.length ?? 0,
    firstBodyBytes: first?.bodyBytes ?? 0,
  };
}

/** A connection, and who is told of what comes on it. */
type Line = { readonly socket: Socket; readonly inbox: Inbox };
type Inbox = { take: (chunk: Buffer) => void };

async function lineTo(url: string): Promise<Line> {
  const inbox: Inbox = { take: () => {} };
  return { socket: await connected(url, (chunk) => inbox.take(chunk)), inbox };
}

type Conversation = {
  readonly url: string;
  readonly line: Line;
  readonly next: Supply;
  readonly answered: (answer: Answer, sentAt: number) => void;
};

/** One request at a time until `next` has no more. A server that closes after an answer is connected to anew, on its time. */
async function converse({ url, line: first, next, answered }: Conversation): Promise<void> {
  let sentAt = performance.now();
  for (let line = first; ; line = await lineTo(url)) {
    const end = await converseOn(line, next, answered, sentAt).finally(() => line.socket.destroy());
    if (end === 'noMore') return;
    sentAt = performance.now();
  }
}

const nothing = Buffer.alloc(0);

/** Why it ended: nothing is left to send, or the server said that the answer was the last on this connection. */
function converseOn(
  { socket, inbox }: Line,
  next: Supply,
  answered: Conversation['answered'],
  startedAt: number,
): Promise<'noMore' | 'closing'> {
  return new Promise((resolve, reject) => {
    let received: Buffer = nothing;
    let sentAt = startedAt;
    const send = () => {
      const request = next();
      if (request === undefined) return resolve('noMore');
      socket.write(request);
    };
    socket.setTimeout(stallMs, () => reject(new Error(`a connection stood still for ${stallMs} ms`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
    inbox.take = (chunk) => {
      const whole = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = complete(whole);
      if (answer === undefined) {
        received = received.length === 0 ? Buffer.from(chunk) : whole;
        return;
      }
      received = nothing;
      answered(answer, sentAt);
      if (answer.isLast) return resolve('closing');
      sentAt = performance.now();
      send();
    };
    send();
  });
}
