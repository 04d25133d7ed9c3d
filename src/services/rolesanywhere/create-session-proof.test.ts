// CreateSession's proof: keys of every kind, chains, validity to the second, the clock's skew, and what must be signed.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Authority,
  type KeyName,
  type Minted,
  makeCa,
  makeKeys,
  makeSelfSigned,
  minted,
} from '../../../test/pki.ts';
import type { Road } from '../../../test/road.ts';
import type { WireRequest } from '../../protocols/protocol.ts';
import { type Arranged, arranged, bundle, refused } from './rig.test.ts';

const denied = 'AccessDeniedException';
const untrusted = 'Untrusted signing certificate';
const insufficient = 'Untrusted certificate. Insufficient certificate';
const invalidSignature = 'Invalid signature';

const kinds: readonly KeyName[] = ['rsa2048', 'rsa4096', 'p256', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'];

for (const key of kinds) {
  test(`a ${key} key under a ${key} authority is answered, and its signature holds for nothing else`, async () => {
    const { session, ca } = await arranged({ ca: makeCa({ key }), leaf: { key } });
    assert.equal((await session()).status, 201);
    const bent = (request: WireRequest) => ({ ...request, body: Buffer.from(`${request.body} `) });
    refused(await session({ tamper: bent }), denied, invalidSignature);
    const other = ca.issue({ key: key.startsWith('rsa') ? (`${key}#other` as KeyName) : key });
    const stolen = minted(ca.issue({ key }).der, other.keys);
    refused(await session({ leaf: stolen }), denied, invalidSignature);
  });
}

for (const key of ['rsa1024', 'secp256k1', 'p224', 'ed25519', 'rsaPss2048'] as const) {
  test(`a leaf with a ${key} key is insufficient`, async () => {
    const { session, ca } = await arranged();
    // Its own key makes no signature that the road takes: signed with another, and refused before that is looked at.
    const leaf = minted(ca.issue({ key }).der, makeKeys('p256'));
    refused(await session({ leaf }), denied, insufficient);
  });
}

for (const [what, options] of [
  ['a CA', { basicConstraints: { ca: true } }],
  ['of version 1', { version: 1 }],
  ['without key usage', { keyUsage: false }],
  ['for key agreement only', { keyUsage: ['keyAgreement'] }],
  ['signed with SHA-1', { hash: 'sha1' }],
  ['without a subject', { subject: '' }],
] as const) {
  test(`a leaf that is ${what} is insufficient`, async () => {
    const { session, ca } = await arranged();
    refused(await session({ leaf: ca.issue(options) }), denied, insufficient);
  });
}

test('basic constraints and an extended key usage are not asked for', async () => {
  const { session, ca } = await arranged();
  for (const options of [{ basicConstraints: false }, { eku: ['serverAuth'] }, { eku: ['clientAuth'] }] as const) {
    assert.equal((await session({ leaf: ca.issue(options) })).status, 201);
  }
});

/** `root` is the anchor; `depth` intermediates, the one nearest to the root first; and the leaf of the last. */
function below(root: Authority, depth: number) {
  const chain: Authority[] = [];
  for (let level = 1; level <= depth; level++)
    chain.push((chain.at(-1) ?? root).issueCa({ subject: `CN=CA ${level}` }));
  return { chain, leaf: (chain.at(-1) ?? root).issue() };
}

const certificatesOf = (list: readonly Minted[]) => list.map(({ certificate }) => certificate);

test('the chain is a pool: any order, with the leaf, the root, duplicates and strangers in it', async () => {
  const { session, ca } = await arranged();
  const { chain, leaf } = below(ca, 2);
  const [one, two] = chain as [Authority, Authority];
  const stranger = makeCa({ subject: 'CN=Stranger' });
  for (const sent of [
    [one, two],
    [two, one],
    [leaf, two, one, ca],
    [stranger, one, leaf, two],
    [one, two, one, two],
    [two, leaf, leaf, one],
  ]) {
    const answer = await session({ leaf, chain: certificatesOf(sent) });
    assert.equal(answer.status, 201, answer.body);
  }
  for (const sent of [[], [one], [two], [leaf], [stranger], [one, ca]]) {
    refused(await session({ leaf, chain: certificatesOf(sent) }), denied, untrusted);
  }
});

test('a chain element that is no certificate is passed over', async () => {
  const { session, ca } = await arranged();
  const { chain, leaf } = below(ca, 1);
  const garbage = { ...leaf.certificate, der: Buffer.from('garbage') };
  assert.equal((await session({ leaf, chain: [garbage, ...certificatesOf(chain)] })).status, 201);
  refused(await session({ leaf, chain: [garbage] }), denied, untrusted);
});

test('five certificates besides the leaf are taken, six are refused', async () => {
  const { session, ca } = await arranged();
  const five = below(ca, 5);
  assert.equal((await session({ leaf: five.leaf, chain: certificatesOf([five.leaf, ...five.chain]) })).status, 201);
  const six = below(ca, 6);
  refused(await session({ leaf: six.leaf, chain: certificatesOf(six.chain) }), denied, untrusted);
  const strangers = Array.from({ length: 6 }, (_, at) => makeCa({ subject: `CN=Stranger ${at}` }));
  refused(await session({ chain: certificatesOf(strangers) }), denied, untrusted);
});

test('more elements than are read at all, and base64 that is none, are told as such', async () => {
  const { session, leaf } = await arranged();
  const many = Array.from({ length: 21 }, () => leaf.certificate);
  refused(await session({ chain: many }), 'ValidationException', /X-Amz-X509-Chain/);
  const bent = header('X-Amz-X509-Chain', (value) => `${value},*`);
  refused(await session({ chain: [leaf.certificate], tamper: bent }), 'ValidationException', /X-Amz-X509-Chain/);
});

test('each certificate of a bundle is an anchor, and an intermediate may be one', async () => {
  const [one, two] = [makeCa({ subject: 'CN=One' }), makeCa({ subject: 'CN=Two', key: 'ml-dsa-44' })];
  const both = await arranged({ ca: one, anchor: { source: bundle(one.pem, two.pem) } });
  assert.equal((await both.session({ leaf: two.issue() })).status, 201);
  assert.equal((await both.session()).status, 201);
  const intermediate = one.issueCa();
  const { session } = await arranged({ ca: intermediate });
  assert.equal((await session()).status, 201);
  refused(await session({ leaf: one.issue() }), denied, untrusted);
});

test('an update of the trust anchor takes effect at once', async () => {
  const { session, road, trustAnchorId, ca } = await arranged();
  const other = makeCa();
  assert.equal((await session()).status, 201);
  const path = `/trustanchor/${trustAnchorId}`;
  await road.rest('PATCH', path, { source: bundle(other.pem) });
  refused(await session(), denied, untrusted);
  assert.equal((await session({ leaf: other.issue() })).status, 201);
  await road.rest('PATCH', path, { source: bundle(ca.pem) });
  assert.equal((await session()).status, 201);
  await road.rest('POST', `${path}/disable`);
  refused(await session(), denied, 'Specified Trust Anchor is disabled.');
});

test('names that agree are no signature: a self-signed leaf and a namesake of the authority are not trusted', async () => {
  const { session } = await arranged();
  refused(await session({ leaf: makeSelfSigned() }), denied, untrusted);
  refused(await session({ leaf: makeCa().issue() }), denied, untrusted);
  const namesake = makeCa();
  refused(await session({ leaf: namesake.issue(), chain: [namesake.certificate] }), denied, untrusted);
});

// The clock stands at 2026-11-22T12:00:00Z. Spec: RFC 5280 §4.1.2.5: both ends belong to the period.
const periods = [
  ['its last second', { notAfter: '2026-11-22T12:00:00Z' }, true],
  ['a second after its end', { notAfter: '2026-11-22T11:59:59Z' }, false],
  ['its first second', { notBefore: '2026-11-22T12:00:00Z' }, true],
  ['a second before its beginning', { notBefore: '2026-11-22T12:00:01Z' }, false],
] as const;

for (const [when, period, good] of periods) {
  const judge = async (server: Arranged, asked: Parameters<Arranged['session']>[0], message: string) => {
    const answer = await server.session(asked);
    if (good) assert.equal(answer.status, 201, answer.body);
    else refused(answer, denied, message);
  };
  test(`a leaf in ${when} is ${good ? 'taken' : 'refused'}`, async () => {
    await judge(await arranged({ leaf: period }), {}, insufficient);
  });
  test(`an intermediate in ${when} is ${good ? 'taken' : 'refused'}`, async () => {
    const server = await arranged();
    const intermediate = server.ca.issueCa(period);
    await judge(server, { leaf: intermediate.issue(), chain: [intermediate.certificate] }, untrusted);
  });
  test(`a trust anchor in ${when} is ${good ? 'taken' : 'refused'}`, async () => {
    await judge(await arranged({ ca: makeCa(period) }), {}, untrusted);
  });
}

test('a leaf that was taken is refused from the second after its end on', async () => {
  const { session, road } = await arranged({ leaf: { notAfter: '2026-11-22T12:00:05Z' } });
  assert.equal((await session()).status, 201);
  road.at('2026-11-22T12:00:05Z');
  assert.equal((await session()).status, 201);
  road.at('2026-11-22T12:00:06Z');
  refused(await session(), denied, insufficient);
});

for (const [seconds, good] of [
  [-901, false],
  [-900, true],
  [899, true],
  [900, true],
  [901, false],
] as const) {
  test(`a request dated ${seconds} seconds from now is ${good ? 'taken' : 'refused'}`, async () => {
    const { session, road } = await arranged();
    const now = road.now().getTime();
    // Signed while the clock stands there, sent when it stands here.
    road.at(new Date(now + seconds * 1000));
    const back = (request: WireRequest) => {
      road.at(new Date(now));
      return request;
    };
    const answer = await session({ tamper: back });
    if (good) assert.equal(answer.status, 201, answer.body);
    else refused(answer, denied, invalidSignature);
  });
}

/** Changes a header's value on its way; undefined takes the header out. */
function header(name: string, change: (value: string) => string | undefined) {
  return (request: WireRequest): WireRequest => ({
    ...request,
    headers: request.headers.flatMap(([key, value]) => {
      const changed = key.toLowerCase() === name.toLowerCase() ? change(value) : value;
      return changed === undefined ? [] : [[key, changed] as const];
    }),
  });
}

/** Why the last request was refused, as the operator reads it in the log. */
function lastReason({ logged }: Road): unknown {
  const line = logged.at(-1);
  return line !== undefined && 'reason' in line ? line.reason : undefined;
}

const authorization = (change: (value: string) => string) => header('Authorization', change);
const added = (name: string, value: string) => (request: WireRequest) => ({
  ...request,
  headers: [...request.headers, [name, value] as const],
});

for (const name of ['host', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain']) {
  test(`a signature that does not name ${name} does not hold`, async () => {
    const { session, ca, road } = await arranged();
    const unnamed = authorization((value) =>
      value.replace(new RegExp(`([=;])${name}(;|,)`), (_, a, b) => (a === '=' ? '=' : b)),
    );
    const answer = await session({ chain: [ca.certificate], tamper: unnamed });
    refused(answer, denied, invalidSignature);
    assert.equal(lastReason(road), 'unsignedHeader');
  });
}

test('a chain slipped in beside the signed headers is refused', async () => {
  const { session, ca } = await arranged();
  const chain = Buffer.from(ca.der).toString('base64');
  refused(await session({ tamper: added('X-Amz-X509-Chain', chain) }), denied, invalidSignature);
});

for (const [what, reason, tamper] of [
  [
    'another serial number',
    'serialMismatch',
    authorization((value) => value.replace(/Credential=\d+/, 'Credential=291')),
  ],
  ["another key's algorithm", 'algorithmMismatch', authorization((value) => value.replace('ECDSA', 'RSA'))],
  [
    'the algorithm of lattices',
    'algorithmMismatch',
    authorization((value) => value.replace('AWS4-X509-ECDSA-SHA256', 'AWS4-X509-MLDSA')),
  ],
  ['an algorithm that is none', 'unsupportedAlgorithm', authorization((value) => value.replace('SHA256', 'SHA1'))],
  ['another service in its scope', 'scopeService', authorization((value) => value.replace('/rolesanywhere/', '/sts/'))],
  ['another terminator', 'scopeTerminator', authorization((value) => value.replace('aws4_request', 'aws4_requests'))],
  ['another date in its scope', 'scopeDate', authorization((value) => value.replace('/20261122/', '/20261121/'))],
  ['a Region that is none', 'scopeRegion', authorization((value) => value.replace('/eu-central-1/', '/nowhere/'))],
  ['a signature cut short', 'mismatch', authorization((value) => value.slice(0, -2))],
  ['a signature that is no hex', 'malformedSignature', authorization((value) => `${value.slice(0, -2)}zz`)],
  [
    'a signed header that is not there',
    'signedHeaderMissing',
    authorization((value) => value.replace('SignedHeaders=', 'SignedHeaders=a;')),
  ],
  ['another host', 'mismatch', header('Host', () => 'elsewhere.test')],
  ['another content type', 'mismatch', header('Content-Type', () => 'text/plain')],
  ['another query', 'mismatch', (request: WireRequest) => ({ ...request, rawQuery: 'x=y' })],
  ['another date', 'mismatch', header('X-Amz-Date', () => '20261122T120001Z')],
] as const) {
  test(`a request with ${what} than was signed is refused`, async () => {
    const { session, road } = await arranged();
    refused(await session({ tamper }), denied, invalidSignature);
    assert.equal(lastReason(road), reason);
  });
}

test('a certificate in place of the one that was signed for is refused', async () => {
  const { session, ca, leaf } = await arranged();
  const twin = ca.issue({ serial: leaf.certificate.serialNumber });
  const swapped = header('X-Amz-X509', () => Buffer.from(twin.der).toString('base64'));
  refused(await session({ tamper: swapped }), denied, invalidSignature);
});

for (const name of ['Host', 'X-Amz-Date', 'X-Amz-X509', 'X-Amz-X509-Chain', 'Authorization']) {
  test(`the header ${name} given twice is refused, even with equal values`, async () => {
    const { session, ca } = await arranged();
    const twice = (request: WireRequest): WireRequest => ({
      ...request,
      headers: request.headers.flatMap((pair) => (pair[0] === name ? [pair, pair] : [pair])),
    });
    const answer = await session({ chain: [ca.certificate], tamper: twice });
    refused(answer, 'ValidationException', new RegExp(`${name.toLowerCase()} is given more than once`, 'i'));
  });
}

test('a request without what must be there is refused before anything is read', async () => {
  const { session } = await arranged();
  const gone = (name: string) => header(name, () => undefined);
  refused(await session({ tamper: gone('Authorization') }), 'MissingAuthenticationTokenException', /./);
  refused(await session({ tamper: gone('X-Amz-Date') }), 'IncompleteSignatureException', /X-Amz-Date/);
  refused(await session({ tamper: gone('X-Amz-X509') }), 'IncompleteSignatureException', /X-Amz-X509/);
  const cut = authorization((value) => value.replace(/, Signature=.*/, ''));
  refused(await session({ tamper: cut }), 'IncompleteSignatureException', /Signature/);
});

for (const [what, value] of [
  ['no base64', '!!!!'],
  ['no DER', Buffer.from('not a certificate').toString('base64')],
  ['DER that is no certificate', Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01]).toString('base64')],
] as const) {
  test(`an X-Amz-X509 header that holds ${what} is not valid`, async () => {
    const { session } = await arranged();
    refused(await session({ tamper: header('X-Amz-X509', () => value) }), 'ValidationException', /X-Amz-X509/);
  });
}

test('an access key does not open CreateSession', async () => {
  const { road, arns } = await arranged();
  refused(await road.rest('POST', '/sessions', arns), denied, invalidSignature);
});
