// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileCondition, conditionMet, OPERATORS, readOperator, unmetConditions } from './conditions.ts';
import { contextOf } from './request.ts';

const KEY = 'Test:Key';

type Given = { values?: string | readonly string[]; list?: boolean; others?: Record<string, string> };

function met(operator: string, wanted: readonly string[], given: Given = {}): boolean {
  const head = readOperator(operator);
  assert.ok(head, operator);
  const condition = compileCondition(head, KEY, wanted, true);
  assert.ok(condition, `${operator} ${wanted}`);
  const context = contextOf({ ...given.others, 'test:KEY': given.values });
  return conditionMet(condition, { context, multivalued: new Set(given.list ? ['test:key'] : []) });
}

const accepts = (operator: string, wanted: string): boolean => {
  const head = readOperator(operator);
  return head !== undefined && compileCondition(head, KEY, [wanted], true) !== undefined;
};

/** Positive operator, its negated twin, a policy value, request values that meet it, request values that do not. */
const POSITIVE: readonly [string, string | undefined, string, readonly string[], readonly string[]][] = [
  ['StringEquals', 'StringNotEquals', 'a*', ['a*'], ['A*', 'ab', '', 'a']],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', 'Ab*', ['aB*', 'ab*'], ['abc', 'ab', '']],
  ['StringLike', 'StringNotLike', 'home/?*', ['home/x', 'home/xyz'], ['home/', 'Home/x', 'xhome/x']],
  ['NumericEquals', 'NumericNotEquals', '10', ['10', '10.0', '1e1', '+10'], ['11', '-10', '', 'ten', '0x0a', '10 ']],
  ['NumericLessThan', undefined, '10', ['9', '-11', '9.999'], ['10', '11', 'x']],
  ['NumericLessThanEquals', undefined, '10', ['9', '10'], ['10.01', '11', '']],
  ['NumericGreaterThan', undefined, '10', ['11', '10.5'], ['10', '9', 'NaN', 'Infinity']],
  ['NumericGreaterThanEquals', undefined, '10', ['10', '11'], ['9.99', 'ten']],
  ['DateEquals', 'DateNotEquals', '2026-01-01T00:00:00Z', ['2026-01-01', '1767225600'], ['2026-01-02', 'now', '']],
  ['DateLessThan', undefined, '2026-01-01T00:00:00Z', ['2025-12-31T23:59:59Z'], ['2026-01-01T00:00:00Z', 'x']],
  ['DateLessThanEquals', undefined, '2026-01-01', ['2026-01-01T00:00:00Z'], ['2026-01-01T00:00:01Z']],
  ['DateGreaterThan', undefined, '2026-01-01', ['2026-01-01T00:00:01Z'], ['2026-01-01T00:00:00Z', '2025']],
  ['DateGreaterThanEquals', undefined, '1767225600', ['2026-01-01T00:00:00Z'], ['2025-12-31T23:59:59Z']],
  ['Bool', undefined, 'True', ['true', 'TRUE'], ['false', '1', '', 'yes']],
  ['BinaryEquals', undefined, 'QmluYXJ5', ['QmluYXJ5'], ['qmluyxj5', 'QmluYXJ', '', '!']],
  ['IpAddress', 'NotIpAddress', '203.0.113.0/24', ['203.0.113.7'], ['203.0.114.7', '::1', 'host', '']],
  ['IpAddress', 'NotIpAddress', '2001:db8::/32', ['2001:db8::7'], ['2001:db9::7', '203.0.113.7']],
  [
    'ArnEquals',
    'ArnNotEquals',
    'arn:aws:rolesanywhere:*:123456789012:trust-anchor/?*',
    ['arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/a'],
    ['arn:aws:rolesanywhere:eu-west-1:999999999999:trust-anchor/a', 'trust-anchor/a', ''],
  ],
  ['ArnLike', 'ArnNotLike', 'arn:aws:sns:*:*:t', ['arn:aws:sns:r:1:t'], ['arn:aws:sns:r:1:2:t', 'arn:aws:sqs:r:1:t']],
];

for (const [positive, negated, wanted, yes, no] of POSITIVE) {
  test(`${positive} ${wanted} tells its values apart`, () => {
    for (const value of yes) assert.equal(met(positive, [wanted], { values: value }), true, value);
    for (const value of no) assert.equal(met(positive, [wanted], { values: value }), false, value);
  });
  if (negated !== undefined) {
    test(`${negated} ${wanted} is the opposite on a present value`, () => {
      for (const value of yes) assert.equal(met(negated, [wanted], { values: value }), false, value);
      for (const value of no) assert.equal(met(negated, [wanted], { values: value }), true, value);
    });
  }
}

test('every operator but Null has a case above', () => {
  const tested = new Set([...POSITIVE.map(([positive]) => positive), ...POSITIVE.map(([, negated]) => negated)]);
  assert.deepEqual(
    OPERATORS.map(({ name }) => name).filter((name) => !tested.has(name)),
    ['Null'],
  );
});

const SOUND: Record<string, string> = { N: '1', D: '2026-01-01', B: 'true', I: '10.0.0.0/8', A: 'arn:aws:s3:::b' };
const NOT_TEXT = OPERATORS.filter(({ presence }) => !presence);
const soundValue = (name: string): string => {
  if (name === 'BinaryEquals') return 'QUJD';
  if (name === 'NotIpAddress') return '10.0.0.0/8';
  return name.startsWith('String') ? 'x' : (SOUND[name.charAt(0)] ?? 'x');
};

test('an absent key fails positive operators, meets negated ones, and meets everything with IfExists', () => {
  for (const { name, negated } of NOT_TEXT) {
    const wanted = [soundValue(name)];
    for (const given of [{}, { values: [] }]) {
      assert.equal(met(name, wanted, given), negated, name);
      assert.equal(met(`${name}IfExists`, wanted, given), true, name);
      assert.equal(met(`ForAllValues:${name}`, wanted, given), true, name);
      assert.equal(met(`ForAnyValue:${name}`, wanted, given), false, name);
      assert.equal(met(`ForAnyValue:${name}IfExists`, wanted, given), true, name);
    }
  }
});

test('IfExists changes nothing when the key is there', () => {
  assert.equal(met('StringEqualsIfExists', ['a'], { values: 'b' }), false);
  assert.equal(met('ForAllValues:StringEqualsIfExists', ['a'], { values: ['a', 'b'] }), false);
  assert.equal(met('NotIpAddressIfExists', ['10.0.0.0/8'], { values: '10.0.0.1' }), false);
});

test('several policy values are alternatives for a positive operator and all excluded for a negated one', () => {
  assert.equal(met('StringEquals', ['a', 'b'], { values: 'b' }), true);
  assert.equal(met('StringNotEquals', ['a', 'b'], { values: 'b' }), false);
  assert.equal(met('StringNotEquals', ['a', 'b'], { values: 'c' }), true);
});

test('a plain operator never matches a list, negated or not', () => {
  for (const operator of ['StringEquals', 'StringNotEquals', 'StringLikeIfExists']) {
    assert.equal(met(operator, ['a', 'b'], { values: ['a', 'b'] }), false, operator);
    assert.equal(met(operator, ['a'], { values: ['a'], list: true }), false, operator);
    assert.equal(met(operator, ['b'], { values: ['a'], list: true }), false, operator);
  }
});

for (const [operator, wanted, values, expected] of [
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['a', 'c'], false],
  ['ForAllValues:StringLike', ['x*'], ['', ''], true],
  ['ForAllValues:StringLike', ['x*'], ['', 'y'], false],
  ['ForAnyValue:StringEquals', ['a'], ['b', 'a'], true],
  ['ForAnyValue:StringEquals', ['a'], ['b', 'c'], false],
  ['ForAnyValue:StringEquals', [''], [''], false],
  ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
] as const) {
  test(`${operator} ${wanted} on [${values}] is ${expected}`, () => {
    assert.equal(met(operator, wanted, { values, list: true }), expected);
  });
}

test('Null asks whether the key is there', () => {
  assert.equal(met('Null', ['true']), true);
  assert.equal(met('Null', ['false']), false);
  assert.equal(met('Null', ['true'], { values: [] }), true);
  assert.equal(met('Null', ['false'], { values: '' }), true);
  assert.equal(met('Null', ['true'], { values: ['a', 'b'], list: true }), false);
  assert.equal(met('Null', ['true', 'false'], { values: 'x' }), true);
});

test('variables are replaced in text and ARN operators, and their values are literal', () => {
  const others = { 'aws:username': 'b*', 'aws:PrincipalArn': 'arn:aws:iam::1:role/*' };
  assert.equal(met('StringEquals', ['${aws:username}'], { values: 'b*', others }), true);
  assert.equal(met('StringEqualsIgnoreCase', ['X${AWS:UserName}'], { values: 'xB*', others }), true);
  assert.equal(met('StringLike', ['${aws:username}/*'], { values: 'bob/x', others }), false);
  assert.equal(met('StringLike', ['${aws:username}/*'], { values: 'b*/x', others }), true);
  assert.equal(met('ArnLike', ['${aws:PrincipalArn}'], { values: 'arn:aws:iam::1:role/*', others }), true);
  assert.equal(met('ArnLike', ['${aws:PrincipalArn}'], { values: 'arn:aws:iam::1:role/x', others }), false);
  assert.equal(met('StringEquals', ['a${*}'], { values: 'a*', others }), true);
});

test('a variable in Bool is replaced before it is read', () => {
  assert.equal(met('Bool', ['${aws:flag}'], { values: 'true', others: { 'aws:flag': 'TRUE' } }), true);
  assert.equal(met('Bool', ['${aws:flag}'], { values: 'true', others: { 'aws:flag': 'yes' } }), false);
  assert.equal(met('Bool', ['${aws:missing}'], { values: 'true' }), false);
});

test('a condition without values has none that a request value meets', () => {
  assert.equal(met('StringEquals', [], { values: 'a' }), false);
  assert.equal(met('StringNotEquals', [], { values: 'a' }), true);
  assert.equal(met('Null', [], { values: 'a' }), false);
  assert.equal(met('ForAllValues:StringLike', []), true);
  assert.equal(met('ForAllValues:StringLike', [], { values: ['a'] }), false);
  assert.equal(met('ForAnyValue:StringLikeIfExists', [], { values: ['a'] }), false);
});

test('a value whose variable is missing meets no request value', () => {
  assert.equal(met('StringEquals', ['${aws:missing}'], { values: '${aws:missing}' }), false);
  assert.equal(met('StringLike', ['*${aws:missing}'], { values: '' }), false);
  assert.equal(met('StringNotEquals', ['${aws:missing}'], { values: 'x' }), true);
  assert.equal(met('ArnEquals', ['arn:aws:iam::1:user/${aws:missing}'], { values: 'arn:aws:iam::1:user/' }), false);
});

for (const [operator, wanted] of [
  ['NumericEquals', ''],
  ['NumericEquals', 'ten'],
  ['NumericEquals', '${aws:EpochTime}'],
  ['DateLessThan', 'tomorrow'],
  ['Bool', 'maybe'],
  ['Null', ''],
  ['BinaryEquals', 'A'],
  ['BinaryEquals', '@@@@'],
  ['IpAddress', '10.0.0.0/33'],
  ['NotIpAddress', 'localhost'],
] as const) {
  test(`"${wanted}" is refused as a value of ${operator}`, () => assert.equal(accepts(operator, wanted), false));
}

for (const written of [
  'stringEquals',
  'StringEqual',
  'ForAnyValue::StringEquals',
  'ForSomeValue:StringEquals',
  'ForAllValues:ForAnyValue:StringEquals',
  'StringEqualsIfExistsIfExists',
  'IfExists',
  'NullIfExists',
  'ForAllValues:Null',
  'NotBool',
  'constructor',
  '',
]) {
  test(`"${written}" is no operator`, () => assert.equal(readOperator(written), undefined));
}

test('an unmet condition is reported as written, with what was met', () => {
  const head = readOperator('ForAnyValue:StringLikeIfExists');
  assert.ok(head);
  const condition = compileCondition(head, 'aws:TagKeys', ['team-*'], true);
  assert.ok(condition);
  const facts = { context: contextOf({ 'AWS:tagkeys': ['a', 'b'] }) };
  assert.deepEqual(unmetConditions([condition], facts), [
    { operator: 'ForAnyValue:StringLikeIfExists', key: 'aws:TagKeys', wanted: ['team-*'], met: ['a', 'b'] },
  ]);
});

test('no text makes any operator throw, and a negated operator opposes its twin on it', () => {
  const twins = POSITIVE.filter(([, negated]) => negated !== undefined);
  fc.assert(
    fc.property(fc.constantFrom(...twins), fc.string(), ([positive, negated = '', wanted], value) => {
      assert.notEqual(met(positive, [wanted], { values: value }), met(negated, [wanted], { values: value }));
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...OPERATORS), fc.string(), ({ name }, wanted) => {
      assert.equal(typeof accepts(name, wanted), 'boolean');
    }),
  );
});
