// The heap of another Node process after a full collection, which its inspector makes and tells: what is still reachable,
// without what V8 has not yet got round to.

export type HeapProbe = {
  /** Megabytes (10⁶ bytes) of the main thread's heap, buffers included, after a full collection. */
  usedMb(): Promise<number>;
  close(): void;
};

/** Where a process that runs with `--inspect` listens, in what it wrote to standard error; undefined where it did not say. */
export function inspectorIn(log: string): string | undefined {
  return /Debugger listening on (ws:\/\/\S+)/.exec(log)?.[1];
}

/** Connects to the inspector. Rejects when nobody answers there. */
export async function heapProbe(url: string): Promise<HeapProbe> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`the inspector at ${url} does not answer`)));
  });
  const call = (method: string) =>
    new Promise<unknown>((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method }));
    });
  return {
    async usedMb() {
      await call('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize = 0 } = Object(await call('Runtime.getHeapUsage'));
      return (usedSize + backingStorageSize) / 1e6;
    },
    close: () => socket.close(),
  };
}
