// The reference evaluator's conditions, operator by operator.
// AWS doc: reference_policies_elements_condition_operators.html,
// reference_policies_condition-single-vs-multi-valued-context-keys.html
import { listOf, type PlainRequest, type PlainStatement } from './documents.ts';
import { arnMatches, isList, matches, tokensOf, valuesOf } from './matching.ts';

function numberOf(text: string): number | undefined {
  return /^[-+]?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds; `YYYY-MM-DD`, the same with `Thh:mm:ss` and a fraction, with Z or an offset, or epoch seconds. */
function timeOf(text: string): number | undefined {
  if (/^[0-9]{9,11}$/.test(text)) return Number(text) * 1000;
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[-+][0-9]{2}:[0-9]{2})?)?$/i.test(text)) return undefined;
  const zoned = /(Z|[-+][0-9]{2}:[0-9]{2})$/i.test(text.slice(10));
  const time = Date.parse(text.length === 10 || zoned ? text.toUpperCase() : `${text.toUpperCase()}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** The bits of an IPv4 or IPv6 address as a string of 0 and 1; undefined for text that is none. */
function bitsOf(address: string): string | undefined {
  const four = address.split('.');
  if (four.length === 4) {
    if (!four.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) <= 255)) return undefined;
    return four.map((octet) => Number(octet).toString(2).padStart(8, '0')).join('');
  }
  const [head, tail, ...more] = address.split('::');
  if (head === undefined || more.length > 0 || !/^[0-9a-f:]+$/i.test(address)) return undefined;
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = 8 - before.length - after.length;
  if (tail === undefined ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

function addressWithin(block: string, address: string): boolean {
  const [network = '', length] = block.split('/');
  const outer = bitsOf(network);
  const inner = bitsOf(address);
  if (outer === undefined || inner === undefined || outer.length !== inner.length) return false;
  const prefix = length === undefined ? outer.length : Number(length);
  return outer.slice(0, prefix) === inner.slice(0, prefix);
}

function compare<Value>(
  actual: Value | undefined,
  wanted: Value | undefined,
  relation: (a: Value, b: Value) => boolean,
): boolean {
  return actual !== undefined && wanted !== undefined && relation(actual, wanted);
}

const boolOf = (text: string): boolean | undefined =>
  text.toLowerCase() === 'true' ? true : text.toLowerCase() === 'false' ? false : undefined;

const bytesOf = (text: string): string | undefined =>
  /^[A-Za-z0-9+/]*=*$/.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined;

const relations: Record<string, (a: number, b: number) => boolean> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};

/** Whether one request value meets one policy value under a positive operator. */
function meets(operator: string, wanted: string, actual: string, variables: boolean, request: PlainRequest): boolean {
  const text = tokensOf(wanted, variables, false, request);
  const whole = text?.map((token) => (typeof token === 'object' ? token.literal : '')).join('');
  switch (operator) {
    case 'StringEquals':
      return whole === actual;
    case 'StringEqualsIgnoreCase':
      return whole?.toLowerCase() === actual.toLowerCase();
    case 'StringLike': {
      const tokens = tokensOf(wanted, variables, true, request);
      return tokens !== undefined && matches(tokens, actual);
    }
    case 'ArnEquals':
    case 'ArnLike':
      return arnMatches(tokensOf(wanted, variables, true, request), actual, false);
    case 'Bool':
      return whole !== undefined && compare(boolOf(actual), boolOf(whole), (a, b) => a === b);
    case 'BinaryEquals':
      return compare(bytesOf(actual), bytesOf(wanted), (a, b) => a === b);
    case 'IpAddress':
      return addressWithin(wanted, actual);
  }
  const [, type, relation = ''] = /^(Numeric|Date)(.+)$/.exec(operator) ?? [];
  const parse = type === 'Numeric' ? numberOf : timeOf;
  const relate = relations[relation];
  if (type === undefined || relate === undefined) throw new Error(`no operator ${operator}`);
  return compare(parse(actual), parse(wanted), relate);
}

const TWINS: Record<string, string> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

function conditionMet(
  written: string,
  key: string,
  wanted: readonly string[],
  variables: boolean,
  request: PlainRequest,
): boolean {
  const values = valuesOf(request, key);
  if (written === 'Null') return wanted.some((one) => one.toLowerCase() === (values.length === 0 ? 'true' : 'false'));
  const set = written.includes(':') ? written.slice(0, written.indexOf(':')) : undefined;
  const ifExists = written.endsWith('IfExists');
  const bare = written.slice(set === undefined ? 0 : set.length + 1, ifExists ? -'IfExists'.length : undefined);
  const twin = TWINS[bare];
  const one = (actual: string): boolean => {
    const any = wanted.some((value) => meets(twin ?? bare, value, actual, variables, request));
    return twin === undefined ? any : !any;
  };
  if (set === undefined) {
    if (values.length === 0) return ifExists || twin !== undefined;
    const [only = ''] = values;
    return values.length === 1 && !isList(request, key) && one(only);
  }
  const empty = values.filter((value) => value !== '').length === 0;
  if (set === 'ForAllValues') return empty || values.every(one);
  return empty ? ifExists : values.some(one);
}

/** Whether every condition of the statement is met. */
export function conditionsMet({ Condition = {} }: PlainStatement, variables: boolean, request: PlainRequest): boolean {
  for (const [operator, keys] of Object.entries(Condition)) {
    for (const [key, wanted] of Object.entries(keys)) {
      if (!conditionMet(operator, key, listOf(wanted), variables, request)) return false;
    }
  }
  return true;
}
