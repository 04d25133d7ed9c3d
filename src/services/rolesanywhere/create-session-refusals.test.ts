// CreateSession and what the operator reads of a refusal: the reason, its cause, the rule, the certificate at fault and a
// clause, for whatever is wrong with the certificates or with the headers that carry them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, der, makeCa, minted } from '../../../test/pki.ts';
import { fingerprintOf } from '../../../test/road.ts';
import type { WireRequest } from '../../protocols/protocol.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { type Arranged, type Asked, arranged } from './rig.test.ts';

/** Why a request is refused, by the line of the log; whoever proves the key of a certificate has an event that says the same. */
async function why(
  { road, session }: Arranged,
  asked: Asked = {},
  hasEvent = true,
): Promise<readonly Record<string, unknown>[]> {
  const answer = await session(asked);
  assert.ok(answer.status >= 400 && answer.status < 500, answer.body);
  const { explanations, code } = Object(road.logged.at(-1));
  assert.equal(code, answer.code);
  const event = (await road.events()).at(-1);
  assert.equal(event?.errorCode, hasEvent ? code : undefined);
  if (hasEvent) assert.deepEqual(Object(event?.additionalEventData).explanations, explanations);
  return explanations;
}

const through = (server: Arranged, options: CertificateOptions, leaf: CertificateOptions = {}) => {
  const intermediate = server.ca.issueCa({ subject: 'CN=Odd', ...options });
  return { asked: { leaf: intermediate.issue(leaf), chain: [intermediate.certificate] }, intermediate };
};

for (const [options, cause, rule] of [
  [{ notAfter: '2026-11-01T00:00:00Z' }, 'expired', 'RFC 5280 §6.1.3(a)(2)'],
  [{ basicConstraints: false }, 'notCa', 'RFC 5280 §6.1.4(k)'],
  [{ keyUsage: ['cRLSign'] }, 'noKeyCertSign', 'RFC 5280 §6.1.4(n)'],
  [{ key: 'rsa1024' }, 'weakKey', 'Ours: key strength'],
  [{ key: 'secp256k1' }, 'unsupportedKey', 'Ours: algorithms of keys'],
  [{ hash: 'sha1' }, 'weakSignatureAlgorithm', 'RFC 5280 §6.1.3(a)(1)'],
] as const satisfies [CertificateOptions, string, string][]) {
  test(`an intermediate at fault is named with its rule: ${cause}`, async () => {
    const server = await arranged();
    const { asked, intermediate } = through(server, options);
    const [reason] = await why(server, asked);
    assert.equal(typeof reason?.detail, 'string');
    const blamed = certificateFacts(intermediate.certificate);
    assert.deepEqual(
      { ...reason, detail: '' },
      { reason: 'untrusted', step: 'chain', cause, rule, detail: '', ...blamed },
    );
  });
}

for (const [options, reason, cause, rule] of [
  [{ keyUsage: false }, 'insufficientLeaf', 'noDigitalSignature', 'Roles Anywhere user guide, trust model'],
  [{ subject: '' }, 'insufficientLeaf', 'emptySubject', 'Roles Anywhere user guide, trust model'],
  [{ notAfter: '2026-11-01T00:00:00Z' }, 'leafExpired', 'expired', 'RFC 5280 §6.1.3(a)(2)'],
  [{ notBefore: '2026-12-01T00:00:00Z' }, 'leafNotYetValid', 'notYetValid', 'RFC 5280 §6.1.3(a)(2)'],
  [{ issuer: 'CN=Nobody' }, 'untrusted', 'noIssuer', 'RFC 5280 §6.1.3(a)(4)'],
  [{ signWith: makeCa().keys }, 'untrusted', 'badSignature', 'RFC 5280 §6.1.3(a)(1)'],
] as const satisfies [CertificateOptions, string, string, string][]) {
  test(`a leaf at fault is named with its rule: ${cause}`, async () => {
    const server = await arranged();
    const leaf = server.ca.issue(options);
    const [found] = await why(server, { leaf });
    assert.deepEqual(
      { ...found, detail: '' },
      { reason, step: 'chain', cause, rule, detail: '', ...certificateFacts(leaf.certificate) },
    );
  });
}

test('too many certificates have no certificate at fault', async () => {
  const server = await arranged();
  const chain = Array.from({ length: 6 }, (_, at) => makeCa({ subject: `CN=${at}` }).certificate);
  assert.deepEqual(await why(server, { chain }), [
    {
      reason: 'chainTooLong',
      step: 'chain',
      cause: 'tooManyCertificates',
      rule: 'Roles Anywhere quotas',
      detail: '6 certificates besides the leaf, more than 5',
    },
  ]);
});

test('an element of the chain that was passed over is told with the refusal', async () => {
  const server = await arranged();
  const { asked } = through(server, {});
  const garbage = { ...asked.leaf.certificate, der: Buffer.from('3000', 'hex') };
  const explanations = await why(server, { ...asked, chain: [garbage] });
  assert.deepEqual(
    explanations.find(({ reason }) => reason === 'ignoredChainElement'),
    {
      reason: 'ignoredChainElement',
      at: 0,
      detail: 'missing field',
    },
  );
  assert.equal(explanations.find(({ reason }) => reason === 'untrusted')?.cause, 'noIssuer');
});

/** Sends another X-Amz-X509 header than the one that was signed. */
const header = (value: string) => (request: WireRequest) => ({
  ...request,
  headers: request.headers.map(([name, own]): [string, string] => [name, name === 'X-Amz-X509' ? value : own]),
});

test('a header that holds no certificate is told from bytes that are none', async () => {
  const server = await arranged();
  const bytes = minted(der.sequence(der.integer(1)), server.leaf.keys).der;
  const [malformed] = await why(server, { tamper: header(Buffer.from(bytes).toString('base64')) }, false);
  assert.deepEqual(malformed, {
    reason: 'malformedCertificate',
    cause: 'malformed',
    rule: 'RFC 5280 §4.1',
    detail: 'missing field',
    certificate: fingerprintOf(bytes),
  });
  const [unread] = await why(server, { tamper: header('%') }, false);
  assert.deepEqual(unread, {
    reason: 'malformedCertificate',
    cause: 'header',
    rule: 'Roles Anywhere user guide, signing process',
    detail: 'The X-Amz-X509 header must hold one certificate, DER in base64.',
  });
});
