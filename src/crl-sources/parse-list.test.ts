// A list that a thread has read is the same list.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { parseCrl } from '../core/x509/crl.ts';
import { parseList } from './parse-list.ts';

const ca = makeCa();
const revoked = Array.from({ length: 500 }, (_, n) => ({ serial: BigInt(n * n) << 70n, reason: n % 5 }));
const inThread = 0;

test('a thread finds what is listed and nothing else, in DER and in PEM', async () => {
  const { der, pem } = ca.crl({ revoked, number: 7 });
  for (const bytes of [der, Buffer.from(pem)]) {
    const [parsed, plain] = [await parseList(bytes, inThread), parseCrl(bytes)];
    assert.ok(parsed.ok && plain.ok);
    const { crl } = parsed;
    for (const { serial } of revoked) {
      assert.deepEqual(crl.entryOf(serial), plain.crl.entryOf(serial));
      assert.equal(crl.entryOf(serial + 1n), undefined);
    }
    assert.deepEqual([crl.fingerprint, crl.entryCount], [plain.crl.fingerprint, 500]);
    assert.deepEqual([crl.extensions, crl.nextUpdate], [plain.crl.extensions, plain.crl.nextUpdate]);
    assert.equal(crl.signatureBy(ca.certificate).ok, true);
  }
});

test('lists without entries, of several issuers and with unknown extensions come through a thread whole', async () => {
  const unknown = [{ oid: '1.2.3', critical: true, value: Buffer.from([5, 0]) }];
  const indirect = {
    idp: { indirect: true },
    revoked: [{ serial: 1n }, { serial: 2n, certificateIssuer: 'CN=Other', extensions: unknown }],
  } as const;
  for (const options of [{}, { version: 1 as const }, indirect]) {
    const { der } = ca.crl(options);
    const [parsed, plain] = [await parseList(der, inThread), parseCrl(der)];
    assert.ok(parsed.ok && plain.ok);
    assert.deepEqual(parsed.crl.extensions, plain.crl.extensions);
    assert.deepEqual(parsed.crl.entryTables, plain.crl.entryTables);
  }
});

test('a thread refuses what is no list as everybody does', async () => {
  const { der } = ca.crl({ revoked });
  const bent = new Uint8Array(der);
  bent[der.length >> 1] = 0xff;
  for (const bytes of [Buffer.from('<html>'), bent, der.subarray(0, -1), new Uint8Array([...der, 0])]) {
    const verdict = await parseList(bytes, inThread);
    assert.equal(verdict.ok, false);
    assert.deepEqual(verdict, parseCrl(bytes));
  }
});
