// Explanations over the road: of a denial, of a session that was refused, of what succeeded; and who is told of what.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, type Options, type Road, region, testRoad } from '../../../test/road.ts';
import { keysOf, webSession } from '../../gateway/session.test.ts';
import { ensureAccount } from '../../root-account.ts';

const get = (road: Road, requestId: string, options: Options = {}) =>
  road.rest('GET', `/explanations/${requestId}`, undefined, { service: 'anyrole', ...options });

const list = { Effect: 'Allow', Action: 'rolesanywhere:ListProfiles', Resource: '*' };

/** A session of a role with these statements lists profiles; gives the id of its request. */
async function listed(...statements: object[]) {
  const road = await testRoad();
  const session = await webSession(road, statements);
  const answer = await road.rest('GET', '/profiles', undefined, { keys: keysOf(road, session) });
  return { road, session, answer, requestId: answer.header('x-amzn-requestid') ?? '' };
}

test('a denial is told with its statements, their conditions, and what would have allowed it', async () => {
  const Condition = { Bool: { 'aws:SecureTransport': 'true' } };
  const { road, requestId } = await listed({ Sid: 'Secure', ...list, Condition }, { ...list, Action: 'iam:*' });
  const answer = await get(road, requestId);
  assert.equal(answer.status, 200, answer.body);
  const { denial, caller, ...explanation } = answer.json().explanation;
  assert.equal(caller.arn, `arn:aws:sts::${account}:assumed-role/Web/s1`);
  assert.deepEqual(
    [explanation.eventName, explanation.outcome, explanation.errorCode, explanation.eventTime],
    ['ListProfiles', 'refused', 'AccessDeniedException', '2026-11-22T12:00:00Z'],
  );
  assert.equal(denial.decision, 'implicitDeny');
  assert.deepEqual(denial.statements, [
    {
      policy: 'role policy P',
      kind: 'identity',
      index: 0,
      sid: 'Secure',
      effect: 'Allow',
      decided: false,
      unmetConditions: [{ operator: 'Bool', key: 'aws:SecureTransport', wanted: ['true'], met: ['false'] }],
    },
  ]);
  assert.deepEqual(denial.context['aws:securetransport'], ['false']);
  assert.match(
    denial.obstacles[0],
    /^an identity-based policy must allow it: the conditions are not met of statement 1 \(Secure\)/,
  );
});

test('the statement that decided is marked', async () => {
  const { road, requestId } = await listed(list, { Sid: 'Stop', ...list, Effect: 'Deny' });
  const { denial } = (await get(road, requestId)).json().explanation;
  const decided = denial.statements.filter((one: { readonly decided: boolean }) => one.decided);
  assert.deepEqual([decided.length, decided[0].sid, denial.decision], [1, 'Stop', 'explicitDeny']);
  assert.deepEqual(denial.obstacles, ['statement 2 (Stop) of role policy P must not deny it']);
});

test('what succeeded has no denial', async () => {
  const { road, requestId } = await listed(list);
  const { outcome, denial, findings } = (await get(road, requestId)).json().explanation;
  assert.deepEqual([outcome, denial, findings], ['succeeded', undefined, []]);
});

test('a refusal by no policy has its error alone', async () => {
  const road = await testRoad();
  const answer = await road.query('iam', 'GetRole', { RoleName: 'Gone' });
  const { errorCode, denial } = (await get(road, answer.text('RequestId') ?? '')).json().explanation;
  assert.deepEqual([errorCode, denial], ['NoSuchEntity', undefined]);
});

describe('who may ask', () => {
  test('whoever a policy allows to explain this request', async () => {
    const { road, session, requestId } = await listed();
    const keys = keysOf(road, session);
    const answer = await get(road, requestId, { keys });
    assert.equal(answer.code, 'AccessDeniedException');
    const Resource = `arn:aws:anyrole:${region}:${account}:explanation/${requestId}`;
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'anyrole:GetExplanation', Resource }],
    });
    await road.query('iam', 'PutRolePolicy', { RoleName: 'Web', PolicyName: 'E', PolicyDocument });
    assert.equal((await get(road, requestId, { keys })).status, 200);
    const another = answer.header('x-amzn-requestid') ?? '';
    assert.equal((await get(road, another, { keys })).code, 'AccessDeniedException');
  });

  test('nobody of another account, who is told as of a request that never was', async () => {
    const { road, requestId } = await listed();
    const { world, now } = road;
    const keys = { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 'stranger'.repeat(5) };
    await ensureAccount({ ...world, now: now() }, { accountId: '999988887777', rootKey: keys });
    const told = async (id: string) => {
      const { status, code, message } = await get(road, id, { keys });
      return [status, code, message?.replace(id, 'ID')];
    };
    const theirs = await told(requestId);
    assert.deepEqual(theirs, [404, 'ResourceNotFoundException', 'Request ID was not found.']);
    assert.deepEqual(await told(world.newId()), theirs);
  });

  for (const id of ['x', '..%2f..', '0'.repeat(37), `${'0'.repeat(35)}%0a`, 'ZZZZZZZZ-0000-7000-8000-000000000000']) {
    test(`an id that is none is refused: ${id.slice(0, 20)}`, async () => {
      assert.equal((await get(await testRoad(), id)).code, 'ValidationException');
    });
  }

  test('no stranger', async () => {
    const { road, requestId } = await listed();
    // Without a signature nothing says that the operator's service is meant.
    assert.equal((await get(road, requestId, { unsigned: true })).code, 'UnknownOperationException');
    const keys = { accessKeyId: 'AKIANOBODYNOBODYNOBO', secretAccessKey: 'x'.repeat(40) };
    assert.equal((await get(road, requestId, { keys })).code, 'UnrecognizedClientException');
  });
});
