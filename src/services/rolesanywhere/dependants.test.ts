// What happens to what hangs on a resource that goes away or is disabled: control-plane calls go on, new sessions are
// refused with AWS's sentence, and sessions that were issued before live on as far as their role does.
import assert from 'node:assert/strict';
import test from 'node:test';
import { arranged, imported, keysOf, refused } from './rig.test.ts';

const idOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
const unassumable = /^Unable to assume role for /;

test('a role that a profile lists can be deleted: the profile keeps its ARN, and new sessions are refused', async () => {
  const { road, arns, session } = await arranged();
  const keys = keysOf(await session());
  assert.equal((await road.query('iam', 'DeleteRole', { RoleName: 'app' })).status, 200);
  const { profile } = (await road.rest('GET', `/profile/${idOf(arns.profileArn)}`)).json();
  assert.deepEqual(profile.roleArns, [arns.roleArn]);
  refused(await session(), 'AccessDeniedException', unassumable);
  // The session is still somebody, and may do nothing any more.
  assert.equal((await road.query('sts', 'GetCallerIdentity', {}, { keys })).status, 200);
  assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).code, 'AccessDenied');
});

for (const [what, path, arn, message] of [
  ['trust anchor', 'trustanchor', 'trustAnchorArn', "Specified Trust Anchor wasn't found."],
  ['profile', 'profile', 'profileArn', 'Invalid or empty profile provided.'],
] as const) {
  test(`a ${what} in use can be deleted: new sessions are refused, issued ones live on`, async () => {
    const { road, arns, session } = await arranged();
    const keys = keysOf(await session());
    assert.equal((await road.rest('DELETE', `/${path}/${idOf(arns[arn])}`)).status, 200);
    refused(await session(), 'AccessDeniedException', message);
    assert.equal((await road.query('sts', 'GetCallerIdentity', {}, { keys })).status, 200);
  });
}

for (const [what, path, arn, message] of [
  ['trust anchor', 'trustanchor', 'trustAnchorArn', 'Specified Trust Anchor is disabled.'],
  ['profile', 'profile', 'profileArn', 'Invalid or empty profile provided.'],
] as const) {
  test(`a disabled ${what} is read, changed and deleted as before; it only gives no session`, async () => {
    const { road, arns, session } = await arranged();
    const keys = keysOf(await session());
    const at = `/${path}/${idOf(arns[arn])}`;
    assert.equal((await road.rest('POST', `${at}/disable`)).status, 200);
    refused(await session(), 'AccessDeniedException', message);
    assert.equal((await road.query('sts', 'GetCallerIdentity', {}, { keys })).status, 200);
    assert.equal((await road.rest('GET', at)).status, 200);
    assert.equal((await road.rest('PATCH', at, { name: 'renamed' })).status, 200);
    assert.equal((await road.rest('POST', `${at}/disable`)).status, 200, 'disabling again is no error');
    assert.equal((await road.rest('POST', `${at}/enable`)).status, 200);
    assert.equal((await session()).status, 201);
    assert.equal((await road.rest('POST', `${at}/disable`)).status, 200);
    assert.equal((await road.rest('DELETE', at)).status, 200);
  });
}

test('a disabled CRL revokes nothing, is read and changed as before, and revokes again once enabled', async () => {
  const arrangement = await arranged();
  const { road, ca, leaf, session } = arrangement;
  const list = ca.crl({ revoked: [{ serial: leaf.certificate.serialNumber }] });
  const { crlId } = await imported(arrangement, list.pem);
  refused(await session(), 'AccessDeniedException', 'Certificate revoked');
  assert.equal((await road.rest('POST', `/crl/${crlId}/disable`)).status, 200);
  assert.equal((await session()).status, 201);
  assert.equal((await road.rest('PATCH', `/crl/${crlId}`, { name: 'renamed' })).status, 200);
  assert.equal((await session()).status, 201);
  assert.equal((await road.rest('POST', `/crl/${crlId}/enable`)).status, 200);
  refused(await session(), 'AccessDeniedException', 'Certificate revoked');
  assert.equal((await road.rest('DELETE', `/crl/${crlId}`)).status, 200);
  assert.equal((await session()).status, 201);
});
