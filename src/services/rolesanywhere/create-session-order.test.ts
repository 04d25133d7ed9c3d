// CreateSession's refusals: AWS's sentence for each fault, and of two faults the one that AWS tells first.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, makeCa } from '../../../test/pki.ts';
import { account } from '../../../test/road.ts';
import { type Arrangement, type Asked, arnOf, arranged, kept, refused, trusting, unknownId } from './rig.test.ts';

const roleArn = `arn:aws:iam::${account}:role/app`;
const denied = 'AccessDeniedException';
const invalid = 'ValidationException';
const unassumable = `Unable to assume role for ${roleArn}.`;

/** A fault, the part of the request it spoils, and what is told of it. */
type Fault = {
  readonly what: string;
  readonly part: string;
  readonly arrangement?: Arrangement;
  readonly asked?: Asked;
  readonly leaf?: CertificateOptions | 'strange';
  readonly code?: string;
  readonly message: string | RegExp;
};

const strange = makeCa({ subject: 'CN=Stranger' });

/** In the order in which they are told. */
const faults: readonly Fault[] = [
  {
    what: 'a value out of its range',
    part: 'value',
    asked: { body: { durationSeconds: 1 } },
    code: invalid,
    message: /at 'durationSeconds'/,
  },
  {
    what: 'an unknown trust anchor',
    part: 'anchor',
    asked: { body: { trustAnchorArn: arnOf(`trust-anchor/${unknownId}`) } },
    message: "Specified Trust Anchor wasn't found.",
  },
  {
    what: 'a disabled trust anchor',
    part: 'anchor',
    arrangement: { anchor: { enabled: false } },
    message: 'Specified Trust Anchor is disabled.',
  },
  {
    what: 'an unknown profile',
    part: 'profile',
    asked: { body: { profileArn: arnOf(`profile/${unknownId}`) } },
    message: 'Invalid or empty profile provided.',
  },
  {
    what: 'a disabled profile',
    part: 'profile',
    arrangement: { profile: { enabled: false } },
    message: 'Invalid or empty profile provided.',
  },
  {
    what: 'a profile without roles',
    part: 'listed',
    arrangement: { profile: { roleArns: [] } },
    message: 'Invalid or empty profile provided.',
  },
  {
    what: 'a leaf without digitalSignature',
    part: 'usage',
    leaf: { keyUsage: ['keyEncipherment'] },
    message: 'Untrusted certificate. Insufficient certificate',
  },
  { what: "a stranger's leaf", part: 'issuer', leaf: 'strange', message: 'Untrusted signing certificate' },
  {
    what: 'an expired leaf',
    part: 'time',
    leaf: { notAfter: '2026-11-22T11:59:59Z' },
    message: 'Untrusted certificate. Insufficient certificate',
  },
  {
    what: 'a signature that does not hold',
    part: 'signature',
    asked: { tamper: (request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }) },
    message: 'Invalid signature',
  },
  {
    what: 'a role that the profile does not list',
    part: 'listed',
    arrangement: { profile: { roleArns: [`${roleArn}-other`] } },
    message: "Requested Role isn't one of those listed in the Profile.",
  },
  {
    what: 'a session name that the profile does not accept',
    part: 'sessionName',
    asked: { body: { roleSessionName: 'mine' } },
    message: 'Not authorized to set roleSessionName',
  },
  {
    what: 'a role that does not trust Roles Anywhere',
    part: 'trust',
    arrangement: { trust: trusting({ Principal: { Service: 'ec2.amazonaws.com' } }) },
    message: unassumable,
  },
  {
    what: 'a session longer than the role allows',
    part: 'duration',
    arrangement: { maxSessionDuration: 3600, profile: { durationSeconds: 3601 } },
    message: `${unassumable} The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
  },
  {
    what: 'a managed session policy',
    part: 'managed',
    arrangement: { profile: { managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } },
    message: unassumable,
  },
];

async function suffer(...suffered: readonly Fault[]) {
  const profile = Object.assign({}, ...suffered.map(({ arrangement }) => arrangement?.profile));
  const arrangement: Arrangement = Object.assign({}, ...suffered.map((fault) => fault.arrangement), { profile });
  const { road, ca, session } = await arranged(arrangement);
  const leaves = suffered.map(({ leaf }) => leaf);
  const options: CertificateOptions = Object.assign({}, ...leaves.filter((leaf) => typeof leaf === 'object'));
  const leaf = (leaves.includes('strange') ? strange : ca).issue(options);
  const body = Object.assign({}, ...suffered.map(({ asked }) => asked?.body));
  const before = await kept(road);
  const answer = await session(Object.assign({}, ...suffered.map(({ asked }) => asked), { leaf, body }));
  assert.deepEqual(await kept(road), before, 'a refused request leaves no subject');
  return { answer, road };
}

for (const fault of faults) {
  test(`${fault.what} is refused with its sentence`, async () => {
    const { answer, road } = await suffer(fault);
    refused(answer, fault.code ?? denied, fault.message);
    const event = (await road.events()).at(-1);
    if (fault.part === 'signature') {
      assert.equal(event?.eventName, 'CreateProfile', 'who proves nothing leaves no event');
      return;
    }
    assert.deepEqual([event?.eventName, event?.errorCode], ['CreateSession', fault.code ?? denied]);
    assert.equal(event?.responseElements, null);
  });
}

test('of two faults the first is told, for every pair', async () => {
  let pairs = 0;
  for (const [at, first] of faults.entries()) {
    for (const second of faults.slice(at + 1)) {
      if (first.part === second.part) continue;
      const { answer } = await suffer(first, second);
      refused(answer, first.code ?? denied, first.message);
      pairs++;
    }
  }
  assert.ok(pairs > 80);
});
