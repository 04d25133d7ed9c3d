// Ids of requests, events and resources: UUIDs that ascend with time, so that what was made later stands later.

/** Bytes of chance taken at once: eight for each id. */
const chanceBytes = 1024;
/** Ids of one millisecond at most; whatever is beyond them is of the next. */
const maxCount = 0xfff;
/** The first hex digit of the fourth group: variant bits, then two of chance. */
const variants = '89ab';

/** Gives UUIDs of version 7: milliseconds, then a counter, then 62 bits of chance. Spec: RFC 9562 §5.7, §6.2 method 1. */
export function ascendingIds(now: () => Date, randomBytes: (size: number) => Uint8Array): () => string {
  let last = -1;
  let count = 0;
  let time = '';
  let chance = '';
  let at = 0;
  return () => {
    const ms = Math.max(now().getTime(), last);
    count = ms === last ? count + 1 : 0;
    if (ms !== last || count > maxCount) {
      last = count > maxCount ? ms + 1 : ms;
      count = 0;
      // Many ids are of one millisecond.
      const text = last.toString(16).padStart(12, '0');
      time = `${text.slice(0, 8)}-${text.slice(8)}-`;
    }
    if (at === chance.length) {
      chance = Buffer.from(randomBytes(chanceBytes)).toString('hex');
      at = 0;
    }
    const [from, variant] = [at, variants[chance.charCodeAt(at) & 3]];
    at += 16;
    const counted = (0x7000 + count).toString(16);
    return `${time}${counted}-${variant}${chance.slice(from + 1, from + 4)}-${chance.slice(from + 4, at)}`;
  };
}
