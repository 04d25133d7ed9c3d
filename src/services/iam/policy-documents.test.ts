// Policy documents are checked each time, also where the same text was found lawful before.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkDocument } from './policy-documents.ts';

const identity = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const old = JSON.stringify({
  Version: '2008-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});
const refused = { code: 'MalformedPolicyDocument' };

describe('a policy document', () => {
  test('that is lawful is so again', () => {
    for (let time = 0; time < 3; time++) {
      checkDocument(identity, 'identity');
      checkDocument(trust, 'trust');
    }
  });

  test('that is lawful as one kind is refused as another, before and after', () => {
    for (let time = 0; time < 2; time++) {
      assert.throws(() => checkDocument(identity, 'trust'), refused);
      assert.throws(() => checkDocument(trust, 'identity'), refused);
      checkDocument(identity, 'identity');
      checkDocument(trust, 'trust');
    }
  });

  test('that is lawful is refused all the same where more is asked of it', () => {
    checkDocument(old, 'identity');
    assert.throws(() => checkDocument(old, 'identity', { requireVersion20121017: true }), refused);
    checkDocument(old, 'identity');
  });

  test('that is refused is refused again, with the same sentence', () => {
    const said = (text: string) => {
      try {
        checkDocument(text, 'identity');
      } catch (error) {
        return error instanceof Error ? error.message : undefined;
      }
      return undefined;
    };
    for (const text of [
      '',
      '{}',
      `${identity} `.replace('Allow', 'allow'),
      identity.replace('"Resource"', '"resource"'),
    ]) {
      const first = said(text);
      assert.ok(first, text);
      assert.equal(said(text), first);
    }
  });
});
