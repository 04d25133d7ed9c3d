// Instants as text. The built-in way takes a microsecond, and a page of a list has hundreds of them: here a day's text is
// kept, and the rest is looked up.

const dayMs = 86_400_000;
/** First instant whose year has more than four digits. */
const farMs = Date.UTC(10_000, 0);
/** Days whose texts are kept at most. */
const maxDays = 4096;

const digits = (length: number) => (_: unknown, value: number) => String(value).padStart(length, '0');
const twoDigits: readonly string[] = Array.from({ length: 60 }, digits(2));
const threeDigits: readonly string[] = Array.from({ length: 1000 }, digits(3));
const days = new Map<number, string>();

/** What `toISOString` answers, e.g. `2026-01-02T03:04:05.678Z`. Throws RangeError where the date is none. */
export function isoText(instant: Date): string {
  const ms = instant.getTime();
  return isNear(ms) ? `${secondText(ms)}.${threeDigits[ms % 1000]}Z` : instant.toISOString();
}

/** `2026-01-02T03:04:05Z`: ISO 8601 in UTC, whole seconds. */
export function secondsText(instant: Date): string {
  const ms = instant.getTime();
  return isNear(ms) ? `${secondText(ms)}Z` : `${instant.toISOString().slice(0, 19)}Z`;
}

/** `2026-01-02T03:04:05.678000Z`: ISO 8601 in UTC, six digits of a second. */
export function microsecondsText(instant: Date): string {
  const ms = instant.getTime();
  return isNear(ms) ? `${secondText(ms)}.${threeDigits[ms % 1000]}000Z` : instant.toISOString().replace('Z', '000Z');
}

/** Whether the year has four digits and is none before 1970; false where the date is none. */
const isNear = (ms: number): boolean => ms >= 0 && ms < farMs;

/** `2026-01-02T03:04:05` of an instant that is near. */
function secondText(ms: number): string {
  const inDay = ms % dayMs;
  const seconds = Math.floor(inDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const time = `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
  return dayText(ms - inDay) + time;
}

/** `2026-01-02T` of the instant at which the day begins. */
function dayText(startMs: number): string {
  let text = days.get(startMs);
  if (text === undefined) {
    text = new Date(startMs).toISOString().slice(0, 11);
    if (days.size >= maxDays) days.clear();
    days.set(startMs, text);
  }
  return text;
}
