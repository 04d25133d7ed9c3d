// The two times a certificate may carry, in the only forms RFC 5280 allows: UTC, with seconds, without fractions.
// Spec: RFC 5280 §4.1.2.5.1 (UTCTime, two-digit years from 1950 to 2049), §4.1.2.5.2 (GeneralizedTime).
import { type Element, refuse, tags } from './der.ts';

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The instant of a UTCTime or GeneralizedTime; refuses offsets, fractions, missing seconds and dates that do not exist. */
export function timeOf(element: Element): Date {
  const yearDigits = element.tag === tags.utcTime ? 2 : element.tag === tags.generalizedTime ? 4 : refuse('not a time');
  const { content } = element;
  // Ours: a GeneralizedTime before 2050 is taken: RFC 5280 forbids issuers to write it, not verifiers to read it.
  if (content.length !== yearDigits + 11 || content[yearDigits + 10] !== 0x5a)
    refuse('time not in the form of RFC 5280');
  let at = 0;
  const number = (digits: number): number => {
    let value = 0;
    for (const end = at + digits; at < end; at++) {
      const digit = (content[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) refuse('time with a character that is no digit');
      value = value * 10 + digit;
    }
    return value;
  };
  const written = number(yearDigits);
  const year = yearDigits === 4 ? written : written < 50 ? 2000 + written : 1900 + written;
  const [month, day, hour, minute, second] = [number(2), number(2), number(2), number(2), number(2)];
  const isLeapDay = month === 2 && day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day < 1 || (day > (daysOfMonth[month - 1] ?? 0) && !isLeapDay)) refuse('date that does not exist');
  if (hour > 23 || minute > 59 || second > 59) refuse('time of day that does not exist');
  const instant = new Date(0);
  instant.setUTCFullYear(year, month - 1, day);
  instant.setUTCHours(hour, minute, second);
  return instant;
}
