// The SDKs meet a server that has no room: the real door before the real road, whose limit of requests under way is one
// that the test holds. They try again, succeed when there is room, and tell the code when there never is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { handle, refuseBusy, refuseTooLarge } from '../../src/gateway/handle.ts';
import { type OpenGatewayDoor, openDoor } from '../../src/gateway/http.ts';
import { overload } from '../../src/gateway/overload.ts';
import { account, region, testRoad } from '../road.ts';
import { needs, python } from './tools.ts';

const road = await testRoad();
// What the SDKs sign is of the day on which the test runs.
road.at(new Date());
const credentials = { ...road.root };

/** A door with or without room, as `isFull` says at each request. */
function opened(isFull: () => boolean): Promise<OpenGatewayDoor> {
  const load = overload({ now: () => performance.now(), later: (ms, work) => void setTimeout(work, ms) });
  return openDoor(
    {
      handle: (request, origin) => handle(road.world, request, origin),
      refuseTooLarge: (request) => refuseTooLarge(road.world, request),
      refuseBusy: (request) => refuseBusy(road.world, request),
      ready: async () => true,
      overload: { ...load, admission: { ...load.admission, isFull } },
    },
    '127.0.0.1',
    0,
  );
}

/** A door that has room for each second request alone. */
function alternating(): Promise<OpenGatewayDoor> {
  let requests = 0;
  return opened(() => {
    requests += 1;
    return requests % 2 === 1;
  });
}

const urlOf = ({ port }: OpenGatewayDoor) => `http://127.0.0.1:${port}`;

describe('without room', { concurrency: true }, () => {
  const doors: OpenGatewayDoor[] = [];
  const urlOfDoor = async (door: Promise<OpenGatewayDoor>) => {
    const open = await door;
    doors.push(open);
    return urlOf(open);
  };
  let fullUrl = '';
  before(async () => {
    fullUrl = await urlOfDoor(opened(() => true));
  });
  after(() => Promise.all(doors.map((door) => door.close(0))));

  test('AWS SDK for JavaScript v3 tries again and succeeds', async () => {
    const endpoint = await urlOfDoor(alternating());
    const sts = new STSClient({ endpoint, region, credentials, maxAttempts: 3 });
    const iam = new IAMClient({ endpoint, region, credentials, maxAttempts: 3 });
    const { Account, $metadata } = await sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual([Account, $metadata.httpStatusCode, $metadata.attempts], [account, 200, 2]);
    const listed = await iam.send(new ListRolesCommand({}));
    assert.deepEqual([listed.Roles?.length, listed.$metadata.attempts], [0, 2]);
    sts.destroy();
    iam.destroy();
  });

  test('AWS SDK for JavaScript v3 tells the code when there never is any', async () => {
    const sts = new STSClient({ endpoint: fullUrl, region, credentials, maxAttempts: 2 });
    await assert.rejects(sts.send(new GetCallerIdentityCommand({})), (thrown) => {
      assert.ok(thrown instanceof STSServiceException);
      const { httpStatusCode, attempts } = thrown.$metadata;
      assert.deepEqual([thrown.name, httpStatusCode, attempts], ['ServiceUnavailable', 503, 2]);
      assert.match(thrown.$response?.headers['retry-after'] ?? '', /^[123]$/);
      return true;
    });
    sts.destroy();
  });

  test(
    'boto3 does the same, in IAM and STS and in Roles Anywhere',
    needs('python3', '-c', 'import boto3'),
    async () => {
      const environment = {
        PATH: process.env.PATH,
        PYENV_ROOT: process.env.PYENV_ROOT,
        PYENV_VERSION: process.env.PYENV_VERSION,
        PYTHONDONTWRITEBYTECODE: '1',
        NO_PROXY: '*',
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_CONFIG_FILE: '/nowhere',
        AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const urls = { alternating: await urlOfDoor(alternating()), full: fullUrl };
      const seen = await python({ environment }, 'boto3_overload', urls);
      assert.deepEqual(seen.answered, {
        legacy: { account, retries: 1 },
        standard: { account, retries: 1 },
      });
      assert.deepEqual(seen.refused, {
        sts: ['ServiceUnavailable', 503, 1],
        rolesanywhere: ['ServiceUnavailableException', 503, 1],
      });
    },
  );
});
