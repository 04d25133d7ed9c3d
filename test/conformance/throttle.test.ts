// AWS SDK for JavaScript v3 meets a rate: it waits as long as it is told, tries again and succeeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IAMClient, IAMServiceException, ListRolesCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { conformanceServer, region, rootKey } from './server.ts';

// One call in two seconds: slow machines too make the second call before that.
const rates = { default: { perSecond: 0.5, burst: 1 } };

test('a throttled call is tried again and succeeds', async () => {
  await using server = await conformanceServer({ settings: { rates } });
  const sts = new STSClient({ endpoint: server.url, region, credentials: rootKey, maxAttempts: 3 });
  await sts.send(new GetCallerIdentityCommand({}));
  const { $metadata } = await sts.send(new GetCallerIdentityCommand({}));
  assert.deepEqual([$metadata.httpStatusCode, $metadata.attempts], [200, 2]);
  assert.deepEqual(
    server.visited.map(({ operation, code }) => [operation, code]),
    [
      ['sts.GetCallerIdentity', undefined],
      ['sts.GetCallerIdentity', 'Throttling'],
      ['sts.GetCallerIdentity', undefined],
    ],
  );
  sts.destroy();
});

test('a client that may not try again is told the code that every SDK takes for throttling', async () => {
  await using server = await conformanceServer({ settings: { rates } });
  const iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey, maxAttempts: 1 });
  await iam.send(new ListRolesCommand({}));
  await assert.rejects(iam.send(new ListRolesCommand({})), (thrown) => {
    assert.ok(thrown instanceof IAMServiceException);
    assert.deepEqual([thrown.name, thrown.message], ['Throttling', 'Rate exceeded']);
    assert.match(thrown.$response?.headers['retry-after'] ?? '', /^[12]$/);
    return true;
  });
  iam.destroy();
});
