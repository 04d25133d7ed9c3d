// What is remembered must be what would be worked out again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa, makeSelfSigned } from '../../test/pki.ts';
import { signingKey } from '../core/signature/hmac.ts';
import { knowledge } from './knowledge.ts';
import { remember } from './remember.ts';

test('an answer is worked out once, and again when it was the eldest of too many', () => {
  const worked: string[] = [];
  const double = remember(
    2,
    (text: string) => text,
    (text) => {
      worked.push(text);
      return text + text;
    },
  );
  for (const text of ['a', 'b', 'a', 'c', 'a']) assert.equal(double(text), text + text);
  assert.deepEqual(worked, ['a', 'b', 'c', 'a']);
});

test('undefined and a throw are not remembered', () => {
  let count = 0;
  const none = remember(
    2,
    (text: string) => text,
    (text) => {
      count += 1;
      if (text === 'throw') throw new Error('no');
      return undefined;
    },
  );
  none('a');
  none('a');
  assert.throws(() => none('throw'));
  assert.throws(() => none('throw'));
  assert.equal(count, 4);
});

test('one text as two kinds of policy is two policies', () => {
  const { policyOf } = knowledge();
  const text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  assert.equal(policyOf(text, 'identity'), policyOf(text, 'identity'));
  assert.notEqual(policyOf(text, 'identity'), policyOf(text, 'session'));
  assert.throws(() => policyOf(text, 'trust'), /a stored trust policy does not parse/);
  assert.throws(() => policyOf('{', 'identity'), /a stored identity policy does not parse/);
});

test('a derived key is that of all four parts', () => {
  const { deriveKey } = knowledge();
  const parts: readonly Parameters<typeof signingKey>[] = [
    ['secret', '20261122', 'eu-central-1', 'iam'],
    ['secret', '20261122', 'eu-central-1', 'sts'],
    ['secret', '20261123', 'eu-central-1', 'iam'],
    ['secre', 't20261122', 'eu-central-1', 'iam'],
  ];
  for (const one of [...parts, ...parts]) assert.deepEqual(deriveKey(...one), signingKey(...one));
});

test('a bundle with one bad certificate, or none, is refused', () => {
  const { certificatesOf } = knowledge();
  const { pem } = makeCa();
  assert.equal(certificatesOf(pem).length, 1);
  const broken = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  for (const bad of ['', 'text', broken, pem + broken]) assert.throws(() => certificatesOf(bad), /does not parse/);
});

test('a remembered path ends with the first of its certificates', () => {
  const { validatePath } = knowledge();
  const ca = makeCa();
  const leaf = ca.issue({ notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-06-01T00:00:00Z' });
  const question = { leaf: leaf.certificate, intermediates: [], anchors: [ca.certificate] };
  const at = (now: string) => validatePath({ ...question, now: new Date(now) }).ok;
  assert.equal(at('2026-05-01T00:00:00Z'), true);
  assert.equal(at('2026-06-01T00:00:00Z'), true);
  assert.equal(at('2026-06-01T00:00:01Z'), false);
  assert.equal(at('2025-12-31T23:59:59Z'), false);
  assert.equal(at('2026-05-01T00:00:00Z'), true);
});

test('a path is remembered for its own anchors, and a refusal not at all', () => {
  const { validatePath } = knowledge();
  const [ca, other] = [makeCa({ subject: 'CN=A' }), makeCa({ subject: 'CN=A' })];
  const leaf = ca.issue().certificate;
  const now = new Date('2026-05-01T00:00:00Z');
  const under = (...anchors: readonly (typeof leaf)[]) => validatePath({ leaf, intermediates: [], anchors, now }).ok;
  assert.equal(under(other.certificate), false);
  assert.equal(under(ca.certificate), true);
  assert.equal(under(other.certificate), false);
  const stranger = makeSelfSigned().certificate;
  assert.equal(validatePath({ leaf: stranger, intermediates: [], anchors: [ca.certificate], now }).ok, false);
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
