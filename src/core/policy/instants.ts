// Points in time as policies write them: ISO 8601 from a bare year to fractions of a second, or seconds since 1970.

const ISO =
  /^([+-]?\d{1,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d{1,2}(?::?\d{2})?)?)?$/;

/** Milliseconds that a zone designator is ahead of UTC; undefined past ±23:59. */
function zoneOffset(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.length > 2 ? digits.slice(0, -2) : digits);
  const minutes = digits.length > 2 ? Number(digits.slice(-2)) : 0;
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * Milliseconds since 1970 of policy or request text, or undefined when it names no instant. Parts left out are their
 * first value; without a zone the time is UTC. Four digits are a year, any other plain number is epoch seconds.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * AWS seen: 2017-2020, by moto's authors: `01T` is accepted, `sdfdsf` and a lower-case `t` are not.
 */
export function parseInstant(text: string): number | undefined {
  if (/^-?\d{1,12}(\.\d{1,9})?$/.test(text) && !/^\d{4}$/.test(text)) return Number(text) * 1000;
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] =
    match;
  const offset = zoneOffset(zone);
  if (offset === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const clock = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  return date.getTime() + clock + Number(`0.${fraction || '0'}`) * 1000 - offset;
}
