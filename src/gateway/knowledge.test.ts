// What is remembered must be what would be worked out again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa, makeSelfSigned } from '../../test/pki.ts';
import { parseCertificate } from '../core/x509/certificate.ts';
import { type PathQuestion, validatePath as plainPath } from '../core/x509/path.ts';
import { knowledge } from './knowledge.ts';

test('a certificate that comes again in a header is the same value, and its text is judged as ever', () => {
  const { certificateBytes, certificateOf } = knowledge();
  const { der } = makeCa();
  const text = Buffer.from(der).toString('base64');
  // Remembered from the second time on.
  const first = certificateBytes(text);
  const bytes = certificateBytes(text);
  assert.ok(bytes !== undefined && Buffer.compare(bytes, der) === 0);
  assert.equal(certificateBytes(text), bytes);
  assert.equal(certificateOf(bytes), certificateOf(bytes));
  assert.equal(first && Buffer.compare(first, bytes), 0);
  // The same certificate by other bytes of the same content, as from a bundle.
  const [one, other] = [certificateOf(bytes), certificateOf(new Uint8Array(der))];
  assert.ok(one.ok && other.ok && one.certificate === other.certificate);
  for (const bad of [text.slice(0, -1), `${text}=`, ` ${text}`, `${text}\n`, text.replace(/.$/, '!'), '']) {
    assert.equal(certificateBytes(bad), undefined);
    assert.equal(certificateBytes(bad), undefined);
  }
});

test('a certificate is the same value for the request that brings it, also the first time', () => {
  const { certificateBytes, certificateOf } = knowledge();
  const { der } = makeCa();
  const bytes = certificateBytes(Buffer.from(der).toString('base64'));
  assert.ok(bytes !== undefined);
  const [one, other] = [certificateOf(bytes), certificateOf(bytes)];
  assert.ok(one.ok && other.ok && one.certificate === other.certificate);
});

test('certificates that come once do not drive out one that comes again', () => {
  const { certificateBytes } = knowledge();
  const text = Buffer.from(makeCa().der).toString('base64');
  certificateBytes(text);
  const bytes = certificateBytes(text);
  // More than are remembered; what they are does not matter.
  for (let at = 0; at < 5000; at++) certificateBytes(Buffer.from(`0 ${at}`).toString('base64'));
  assert.equal(certificateBytes(text), bytes);
});

test('bytes that are no certificate stay none', () => {
  const { certificateBytes, certificateOf } = knowledge();
  const bytes = certificateBytes('MAA=');
  assert.ok(bytes !== undefined);
  for (const time of [1, 2]) assert.equal(certificateOf(bytes).ok, false, `time ${time}`);
});

test('one text as two kinds of policy is two policies', () => {
  const { policyOf } = knowledge();
  const text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  assert.equal(policyOf(text, 'identity'), policyOf(text, 'identity'));
  assert.notEqual(policyOf(text, 'identity'), policyOf(text, 'session'));
  assert.throws(() => policyOf(text, 'trust'), /a stored trust policy does not parse/);
  assert.throws(() => policyOf('{', 'identity'), /a stored identity policy does not parse/);
});

test('long policies drive one another out: their number alone bounds nothing', () => {
  const { policyOf } = knowledge();
  const long = (name: string) => {
    const Resource = `arn:aws:s3:::${name}/${'x'.repeat(120_000)}`;
    return JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource } });
  };
  const first = policyOf(long('first'), 'identity');
  assert.equal(policyOf(long('first'), 'identity'), first);
  for (let at = 0; at < 40; at++) policyOf(long(`other-${at}`), 'identity');
  assert.notEqual(policyOf(long('first'), 'identity'), first);
});

test('a bundle with one bad certificate, or none, is refused', () => {
  const { certificatesOf } = knowledge();
  const { pem } = makeCa();
  assert.equal(certificatesOf(pem).length, 1);
  const broken = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  for (const bad of ['', 'text', broken, pem + broken]) assert.throws(() => certificatesOf(bad), /does not parse/);
});

test('a remembered path ends with the first of its certificates', async () => {
  const { validatePath } = knowledge();
  const ca = makeCa();
  const leaf = ca.issue({ notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-06-01T00:00:00Z' });
  const question = { leaf: leaf.certificate, intermediates: [], anchors: [ca.certificate] };
  const at = async (now: string) => (await validatePath({ ...question, now: new Date(now) })).ok;
  assert.equal(await at('2026-05-01T00:00:00Z'), true);
  assert.equal(await at('2026-06-01T00:00:00Z'), true);
  assert.equal(await at('2026-06-01T00:00:01Z'), false);
  assert.equal(await at('2025-12-31T23:59:59Z'), false);
  assert.equal(await at('2026-05-01T00:00:00Z'), true);
});

test('a path is remembered for its own anchors, and a refusal not at all', async () => {
  const { validatePath } = knowledge();
  const [ca, other] = [makeCa({ subject: 'CN=A' }), makeCa({ subject: 'CN=A' })];
  const leaf = ca.issue().certificate;
  const now = new Date('2026-05-01T00:00:00Z');
  const under = async (...anchors: readonly (typeof leaf)[]) =>
    (await validatePath({ leaf, intermediates: [], anchors, now })).ok;
  assert.equal(await under(other.certificate), false);
  assert.equal(await under(ca.certificate), true);
  assert.equal(await under(other.certificate), false);
  const stranger = makeSelfSigned().certificate;
  const asked = { leaf: stranger, intermediates: [], anchors: [ca.certificate], now };
  assert.equal((await validatePath(asked)).ok, false);
});

test('a path is remembered for what was demanded of it and for the certificates it came with', async () => {
  const { validatePath } = knowledge();
  const root = makeCa();
  const issuing = root.issueCa();
  const leaf = issuing.issue({ eku: ['clientAuth'] }).certificate;
  const strangers = Array.from({ length: 6 }, () => makeCa().certificate);
  const question = {
    leaf,
    intermediates: [issuing.certificate],
    anchors: [root.certificate],
    now: new Date('2026-05-01'),
  };
  const isFound = async (changed: Partial<PathQuestion>) => (await validatePath({ ...question, ...changed })).ok;
  for (const round of [1, 2, 3]) {
    assert.equal(await isFound({}), true, `round ${round}`);
    assert.equal(await isFound({ maxIntermediates: 0 }), false);
    assert.equal(await isFound({ maxSent: 0 }), false);
    assert.equal(await isFound({ eku: 'serverAuth' }), false);
    assert.equal(await isFound({ intermediates: [] }), false);
    assert.equal(await isFound({ intermediates: [...question.intermediates, ...strangers] }), false);
    assert.equal(await isFound({ anchors: [] }), false);
    assert.equal(await isFound({ eku: 'clientAuth' }), true);
    // More paths than are remembered of a leaf.
    for (const stranger of strangers) assert.equal(await isFound({ anchors: [stranger, root.certificate] }), true);
  }
  const path = await validatePath(question);
  assert.equal(await validatePath({ ...question, intermediates: [issuing.certificate] }), path);
});

test('below an issuer that is known, a leaf is judged as below any other', async () => {
  const { validatePath } = knowledge();
  const root = makeCa({ subject: 'CN=Root' });
  const [issuing, impostor] = [root.issueCa({ subject: 'CN=Issuing' }), makeCa({ subject: 'CN=Issuing' })];
  const now = new Date('2026-05-01T00:00:00Z');
  const validity = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-12-31T00:00:00Z' };
  const judged = async (leaf: typeof root.certificate, ...sent: readonly (typeof root)[]) => {
    const intermediates = sent.map(({ certificate }) => certificate);
    const question = { leaf, intermediates, anchors: [root.certificate], now };
    const verdict = await validatePath(question);
    // Without a memory, of a certificate that remembers nothing either.
    const fresh = parseCertificate(leaf.der);
    assert.ok(fresh.ok);
    const plain = plainPath({ ...question, leaf: fresh.certificate });
    assert.equal(verdict.ok, plain.ok);
    if (!verdict.ok && !plain.ok) assert.deepEqual([verdict.reason, verdict.detail], [plain.reason, plain.detail]);
    return verdict.ok ? 'ok' : verdict.cause;
  };
  for (const round of [1, 2, 3]) {
    assert.equal(await judged(issuing.issue(validity).certificate, issuing), 'ok', `round ${round}`);
    const forged = { ...validity, authorityKeyIdentifier: false } as const;
    assert.equal(await judged(impostor.issue(forged).certificate, issuing), 'badSignature', `round ${round}`);
    assert.equal(await judged(impostor.issue(forged).certificate, impostor), 'noIssuer', `round ${round}`);
    assert.equal(
      await judged(issuing.issue({ ...validity, notAfter: '2026-02-01T00:00:00Z' }).certificate, issuing),
      'expired',
    );
    assert.equal(await judged(issuing.issue(validity).certificate), 'noIssuer');
  }
});

test('a CRL is read once for each digest, until 256 others came after it', async () => {
  const { crlOf } = knowledge();
  const { der } = makeCa().crl();
  let reads = 0;
  const ask = (digest: string) =>
    crlOf(digest, async () => {
      reads += 1;
      return der;
    });
  const crl = await ask('one');
  assert.equal(await ask('one'), crl);
  assert.equal(reads, 1);
  for (let at = 0; at < 255; at++) await ask(String(at));
  assert.equal(await ask('one'), crl);
  assert.equal(reads, 256);
  await ask('one more');
  assert.notEqual(await ask('one'), crl);
});

test('a stored CRL that does not parse, or is not there, is no empty list', async () => {
  const { crlOf } = knowledge();
  for (const bytes of [new Uint8Array(), Buffer.from('x'), makeCa().der]) {
    await assert.rejects(
      crlOf('digest', async () => bytes),
      /a stored CRL does not parse/,
    );
  }
  await crlOf('digest', async () => makeCa().crl().der);
});
