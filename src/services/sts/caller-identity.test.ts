import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ServiceError } from '../../contract/error.ts';
import type { Call } from '../call.ts';
import { account, rig } from '../iam/rig.test.ts';
import { GetCallerIdentity } from './caller-identity.ts';
import { sts } from './index.ts';

const repository = new URL('../../../', import.meta.url);
const shared = process.env.ANYROLE_SHARED
  ? new URL(`${pathToFileURL(process.env.ANYROLE_SHARED).href}/`)
  : new URL('../shared/', repository);
const skip = existsSync(shared) ? false : 'shared/ is absent';

describe('GetCallerIdentity', () => {
  test('tells the root its account', async () => {
    const answer = await rig('sts').query('GetCallerIdentity');
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [answer.text('UserId'), answer.text('Account'), answer.text('Arn')],
      [account, account, `arn:aws:iam::${account}:root`],
    );
    assert.ok(answer.body.startsWith('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'));
  });

  test('tells a session its role and its name, whatever its role may do', async () => {
    const server = rig('sts');
    const answer = await server.query('GetCallerIdentity', {}, await server.session('Web', 'AROAEXAMPLEEXAMPLEEXA'));
    assert.equal(answer.status, 200);
    assert.equal(answer.text('UserId'), 'AROAEXAMPLEEXAMPLEEXA:s1');
    assert.equal(answer.text('Account'), account);
    assert.equal(answer.text('Arn'), `arn:aws:sts::${account}:assumed-role/Web/s1`);
  });

  test('is not hindered by an explicit deny', () => {
    const call = { caller: { kind: 'root' } } as Call; // access reads nothing of it
    assert.deepEqual(GetCallerIdentity.access({}, call), []);
  });

  test('refuses a certificate holder, who is nobody yet', () => {
    const call = { caller: { kind: 'certificate' } } as Call; // a holder has no name that could be told
    const isMissing = (thrown: unknown) =>
      thrown instanceof ServiceError && thrown.code === 'MissingAuthenticationToken';
    assert.throws(() => GetCallerIdentity.run({}, call), isMissing);
  });
});

test('STS knows the operations of the model, no more and no fewer', { skip }, () => {
  const model = JSON.parse(readFileSync(new URL('models/botocore/sts/service-2.json', shared), 'utf8'));
  assert.deepEqual([...sts.operations.keys(), ...sts.unserved].sort(), Object.keys(model.operations).sort());
});
