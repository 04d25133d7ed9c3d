// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from './document.ts';
import { statementPositions } from './positions.ts';

test('a position is the line and the index in it plus two', () => {
  const text =
    '{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}';
  assert.deepEqual(statementPositions(text), [{ start: { line: 1, column: 41 }, end: { line: 1, column: 113 } }]);
});

test('statements over several lines each have their own positions', () => {
  const text = JSON.stringify(
    {
      Id: 'Statement": {',
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*', Condition: { StringLike: { 's3:prefix': ['${a}', '}]"'] } } },
        { Sid: 'Statement', Effect: 'Deny', Action: '*', Resource: '*' },
      ],
      Version: '2012-10-17',
    },
    null,
    2,
  );
  assert.ok(parsePolicy(text, 'identity').ok);
  const lines = text.split('\n');
  const positions = statementPositions(text);
  assert.equal(positions.length, 2);
  for (const { start, end } of positions) {
    assert.equal(lines[start.line - 1]?.[start.column - 2], '{');
    assert.equal(lines[end.line - 1]?.[end.column - 2], '}');
    assert.equal(start.column, 6);
    assert.equal(end.column, 6);
  }
  assert.equal(positions[1]?.start.line, (positions[0]?.end.line ?? 0) + 1);
});

test('a key spelled with an escape, and empty lists around, do not mislead', () => {
  const text = '{\r\n"Version":"2012-10-17" , "\\u0053tatement" :[ {"Effect":"Allow","NotAction":[],"Resource":"*"}]}';
  assert.deepEqual(
    statementPositions(text).map(({ start }) => start),
    [{ line: 2, column: 47 }],
  );
});

test('text with many lines and statements is read in one go', () => {
  const statement = '{"Effect":"Allow",\n"Action":"s3:*",\n"Resource":"*"}';
  const text = `{"Statement":[${Array(2_000).fill(statement).join(',\n')}]}`;
  assert.equal(statementPositions(text).length, 2_000);
});
