// The two times a certificate may carry, in the only forms RFC 5280 allows: UTC, with seconds, without fractions.
// Spec: RFC 5280 §4.1.2.5.1 (UTCTime, two-digit years from 1950 to 2049), §4.1.2.5.2 (GeneralizedTime).
import { type Element, refuse, tags } from './der.ts';

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The calendar repeats after 400 years. */
const cycle = { years: 400, milliseconds: 146_097 * 24 * 60 * 60 * 1000 };

/** The instant of a UTCTime or GeneralizedTime; refuses offsets, fractions, missing seconds and dates that do not exist. */
export function timeOf({ tag, bytes, start, end }: Element): Date {
  return new Date(millisecondsOf(bytes, start, end, tag));
}

/** The same from where the content stands in `bytes`, without allocating: milliseconds since 1970. */
export function millisecondsOf(bytes: Uint8Array, start: number, end: number, tag: number): number {
  const yearDigits = tag === tags.utcTime ? 2 : tag === tags.generalizedTime ? 4 : refuse('not a time');
  // Ours: a GeneralizedTime before 2050 is taken: RFC 5280 forbids issuers to write it, not verifiers to read it.
  if (end - start !== yearDigits + 11 || bytes[end - 1] !== 0x5a) refuse('time not in the form of RFC 5280');
  const at = start + yearDigits;
  const written =
    yearDigits === 2 ? twoDigits(bytes, start) : twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const year = yearDigits === 4 ? written : written < 50 ? 2000 + written : 1900 + written;
  const month = twoDigits(bytes, at);
  const day = twoDigits(bytes, at + 2);
  const hour = twoDigits(bytes, at + 4);
  const minute = twoDigits(bytes, at + 6);
  const second = twoDigits(bytes, at + 8);
  const isLeapDay = month === 2 && day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day < 1 || (day > (daysOfMonth[month - 1] ?? 0) && !isLeapDay)) refuse('date that does not exist');
  if (hour > 23 || minute > 59 || second > 59) refuse('time of day that does not exist');
  // One cycle later and back: Date.UTC takes years below 100 for those of the last century.
  return Date.UTC(year + cycle.years, month - 1, day, hour, minute, second) - cycle.milliseconds;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const units = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || units < 0 || units > 9) refuse('time with a character that is no digit');
  return tens * 10 + units;
}
