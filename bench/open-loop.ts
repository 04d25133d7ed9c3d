// A load that does not wait: requests are due by a schedule, however the server does. Each takes a connection that owes no
// answer; where there is none, the request is lost before it is sent, as a client's is whose pool is used up.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { complete } from './wire.ts';

export type OpenLoopTraits = {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** The n-th request, whole. */
  readonly request: (n: number) => Uint8Array;
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
  /** The status of success, and that of a refusal. Any other answer is a failure. */
  readonly accepted: number;
  readonly refused: number;
};

export type OpenLoopResult = {
  /** Requests that were due. */
  readonly offered: number;
  /** Of them, those for which no connection was free. */
  readonly unsent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Answers of another status. */
  readonly failed: number;
  /** Connections that the server closed; each was opened anew. */
  readonly closed: number;
  /** Accepted answers that came within `seconds`, per second. */
  readonly goodput: number;
  /** Milliseconds of the accepted, from when the request was due to its whole answer, ascending. */
  readonly latencies: Float64Array;
  /** Milliseconds of the refused, likewise. */
  readonly refusalLatencies: Float64Array;
};

/** Milliseconds for which answers are waited for at the end. */
const patienceMs = 10_000;

/** Offers the load. Rejects when no connection can be had. */
export async function openLoop(traits: OpenLoopTraits): Promise<OpenLoopResult> {
  const { url, request, perSecond, seconds, connections, accepted, refused } = traits;
  const { hostname, port } = new URL(url);
  const free: Socket[] = [];
  const dueAt = new Map<Socket, number>();
  const all = new Set<Socket>();
  const times: { accepted: number[]; refused: number[] } = { accepted: [], refused: [] };
  const count = { offered: 0, unsent: 0, failed: 0, closed: 0, inTime: 0 };
  let isOver = false;

  const opened = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let received: Buffer = Buffer.alloc(0);
      all.add(socket);
      socket.on('connect', () => {
        free.push(socket);
        resolve();
      });
      socket.on('error', reject);
      socket.on('close', () => {
        all.delete(socket);
        dueAt.delete(socket);
        if (isOver) return;
        count.closed += 1;
        const at = free.indexOf(socket);
        if (at >= 0) free.splice(at, 1);
        opened().catch(() => {});
      });
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const answer = complete(received);
        if (answer === undefined) return;
        received = Buffer.alloc(0);
        const now = performance.now();
        const ms = now - (dueAt.get(socket) ?? now);
        dueAt.delete(socket);
        free.push(socket);
        if (answer.status === accepted) {
          times.accepted.push(ms);
          if (now < end) count.inTime += 1;
        } else if (answer.status === refused) times.refused.push(ms);
        else count.failed += 1;
      });
    });
  let end = Number.POSITIVE_INFINITY;
  await Promise.all(Array.from({ length: connections }, opened));
  const start = performance.now();
  end = start + seconds * 1000;
  for (let now = start; now < end; now = performance.now()) {
    for (; count.offered < ((now - start) * perSecond) / 1000; count.offered += 1) {
      const socket = free.shift();
      if (socket === undefined) {
        count.unsent += 1;
        continue;
      }
      dueAt.set(socket, start + (count.offered * 1000) / perSecond);
      socket.write(request(count.offered));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (dueAt.size > 0 && performance.now() < end + patienceMs)
    await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
  for (const socket of all) socket.destroy();
  return {
    offered: count.offered,
    unsent: count.unsent,
    accepted: times.accepted.length,
    refused: times.refused.length,
    failed: count.failed,
    closed: count.closed,
    goodput: count.inTime / seconds,
    latencies: Float64Array.from(times.accepted).sort(),
    refusalLatencies: Float64Array.from(times.refused).sort(),
  };
}
