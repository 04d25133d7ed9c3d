// CreateSession's refusals: AWS's sentence for each fault, and of two faults the one that AWS tells first.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, makeCa } from '../../../test/pki.ts';
import { account } from '../../../test/road.ts';
import { defaultSettings } from '../settings.ts';
import {
  type Arrangement,
  type Asked,
  arnOf,
  arranged,
  imported,
  kept,
  refused,
  trusting,
  unknownId,
} from './rig.test.ts';

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
  /** A CRL lists the leaf. */
  readonly revoked?: true;
  /** The caller is still the holder of a certificate that the trust anchor vouches for: the attempt is noted. */
  readonly noted?: true;
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
  { what: 'a revoked leaf', part: 'revocation', revoked: true, noted: true, message: 'Certificate revoked' },
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
    noted: true,
    message: "Requested Role isn't one of those listed in the Profile.",
  },
  {
    what: 'a session name that the profile does not accept',
    part: 'sessionName',
    asked: { body: { roleSessionName: 'mine' } },
    noted: true,
    message: 'Not authorized to set roleSessionName',
  },
  {
    what: 'no instance properties where they are required',
    part: 'properties',
    arrangement: {
      settings: { ...defaultSettings, enforceInstanceProperties: true },
      profile: { requireInstanceProperties: true },
    },
    noted: true,
    message: 'Instance properties are required by the Profile.',
  },
  {
    what: 'a role that does not trust Roles Anywhere',
    part: 'trust',
    arrangement: { trust: trusting({ Principal: { Service: 'ec2.amazonaws.com' } }) },
    noted: true,
    message: unassumable,
  },
  {
    what: 'a session longer than the role allows',
    part: 'duration',
    arrangement: { maxSessionDuration: 3600, profile: { durationSeconds: 3601 } },
    noted: true,
    message: `${unassumable} The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
  },
  {
    what: 'a managed session policy that is not there',
    part: 'managed',
    arrangement: { profile: { managedPolicyArns: ['arn:aws:iam::aws:policy/NoSuchPolicy'] } },
    noted: true,
    message: unassumable,
  },
];

async function suffer(...suffered: readonly Fault[]) {
  const profile = Object.assign({}, ...suffered.map(({ arrangement }) => arrangement?.profile));
  const arrangement: Arrangement = Object.assign({}, ...suffered.map((fault) => fault.arrangement), { profile });
  const server = await arranged(arrangement);
  const { road, ca, session } = server;
  const leaves = suffered.map(({ leaf }) => leaf);
  const options: CertificateOptions = Object.assign({}, ...leaves.filter((leaf) => typeof leaf === 'object'));
  const leaf = (leaves.includes('strange') ? strange : ca).issue(options);
  const serial = leaf.certificate.serialNumber;
  if (suffered.some(({ revoked }) => revoked)) await imported(server, ca.crl({ revoked: [{ serial }] }).pem);
  const body = Object.assign({}, ...suffered.map(({ asked }) => asked?.body));
  const before = await kept(road);
  const answer = await session(Object.assign({}, ...suffered.map(({ asked }) => asked), { leaf, body }));
  const subjects = (await road.rest('GET', '/subjects')).json().subjects;
  if (suffered.every(({ noted }) => noted)) {
    const { subject } = (await road.rest('GET', `/subject/${subjects[0]?.subjectId}`)).json();
    assert.deepEqual(
      subject.credentials.map((one: { failed: boolean }) => one.failed),
      [true],
      'the attempt is noted',
    );
  } else {
    assert.deepEqual(await kept(road), before, 'a request that proves nothing leaves no subject');
  }
  return { answer, road };
}

for (const fault of faults) {
  test(`${fault.what} is refused with its sentence`, async () => {
    const { answer, road } = await suffer(fault);
    refused(answer, fault.code ?? denied, fault.message);
    const event = (await road.events()).findLast(
      ({ eventName }) => !String(eventName).endsWith('Subjects') && eventName !== 'GetSubject',
    );
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
