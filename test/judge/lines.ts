// Splits a byte stream into lines at line feeds and nothing else. node:readline also splits at U+2028 and U+2029, which
// JSON allows inside strings.

const LINE_FEED = 0x0a;

/** The lines, decoded as UTF-8, without their line feed; the last one need not have any. A line may be many chunks long. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield Buffer.concat(pending).toString('utf8');
}
