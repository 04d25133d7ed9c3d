// Points in time as policies write them: ISO 8601 from a bare year to fractions of a second, or seconds since 1970.

const ISO =
  /^([+-]?\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** The years that the clock of AWS's parser counts. */
const LAST_YEAR = 292_278_993;
const FIRST_YEAR = -292_275_054;
const LAST_EPOCH = 9_223_372_036_854_775_807n;

/** Milliseconds that a zone designator is ahead of UTC; undefined past ±23:59. */
function zoneOffset(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.length > 2 ? digits.slice(0, -2) : digits);
  const minutes = digits.length > 2 ? Number(digits.slice(-2)) : 0;
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** From here on a plain number is milliseconds: as seconds it would be after the year 5138. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** Milliseconds of a plain number, which is bound to 64 bits. */
function epoch(text: string): number | undefined {
  if (!/^-?\d{1,19}(\.\d{1,9})?$/.test(text) || /^\d{4}$/.test(text) || /^-\d{1,9}$/.test(text)) return undefined;
  if (BigInt(text.split('.')[0] ?? '') > LAST_EPOCH) return undefined;
  const number = Number(text);
  return Math.abs(number) < FIRST_MILLISECONDS ? number * 1000 : number;
}

/** Milliseconds of midnight, by counting 400-year cycles: a Date ends 275,760 years after 1970. */
function midnight(year: number, month: number, day: number): number | undefined {
  const cycles = Math.floor(year / 400);
  const date = new Date(0);
  date.setUTCFullYear(year - cycles * 400, month - 1, day);
  if (year > LAST_YEAR || year < FIRST_YEAR || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  return date.getTime() + cycles * 146_097 * 86_400_000;
}

/**
 * Milliseconds since 1970 of policy or request text, or undefined when it names no instant. Parts left out are their
 * first value; without a zone the time is UTC. Four digits are a year, any other plain number is epoch seconds. Ours: from
 * twelve digits on it is milliseconds, since whoever writes those means the clock of a machine.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * AWS seen: 2017-2020, by moto's authors: `01T` is accepted, `sdfdsf` and a zone of one digit are not; `t` and `z` may be
 * small, years are those of a 64-bit count of milliseconds, seconds those of a 64-bit number.
 */
export function parseInstant(text: string): number | undefined {
  const seconds = epoch(text);
  if (seconds !== undefined) return seconds;
  const match = ISO.exec(text);
  if (match === null || /^\d{5,}$/.test(text)) return undefined;
  const [, year = '', month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] =
    match;
  const offset = zoneOffset(zone);
  if (offset === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = midnight(Number(year), Number(month), Number(day));
  if (date === undefined) return undefined;
  const clock = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  return date + clock + Number(`0.${fraction || '0'}`) * 1000 - offset;
}
