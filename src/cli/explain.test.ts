// An explanation as people read it: no text of a stranger's may speak to the terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationText } from './explain.ts';

const plain = {
  requestId: '019abcde-0000-7000-8000-000000000001',
  eventTime: '2026-11-22T12:00:00Z',
  eventSource: 'iam.amazonaws.com',
  eventName: 'ListUsers',
  awsRegion: 'eu-central-1',
  sourceIPAddress: '127.0.0.1',
  caller: { type: 'Root', arn: 'arn:aws:iam::123456789012:root' },
  outcome: 'succeeded',
  findings: [],
} as const;

test('what succeeded is four lines', () => {
  assert.equal(
    explanationText(plain),
    `request    ${plain.requestId}
asked      iam:ListUsers in eu-central-1, 2026-11-22T12:00:00Z
by         arn:aws:iam::123456789012:root, from 127.0.0.1
outcome    succeeded
`,
  );
});

test('control characters of strangers are not printed, nor is a line broken by them', () => {
  const evil = 'a\u001b[2Jb\nforged line\u202e';
  const text = explanationText({
    ...plain,
    caller: { type: 'Unknown', subject: evil, certificate: evil },
    errorCode: evil,
    errorMessage: evil,
    findings: [{ reason: evil, facts: { [evil]: evil } }],
  });
  for (const sign of ['\u001b', '\u202e']) assert.ok(!text.includes(sign));
  assert.doesNotMatch(text, /^forged/m);
});

test('a caller without an ARN is named by what there is', () => {
  const text = explanationText({ ...plain, caller: { type: 'WebIdentityUser', principalId: 'issuer:aud:sub' } });
  assert.match(text, /^by +WebIdentityUser issuer:aud:sub, /m);
});
