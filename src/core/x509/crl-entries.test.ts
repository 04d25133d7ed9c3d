import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type CrlOptions, makeCa } from '../../../test/pki.ts';
import { type Crl, parseCrl } from './crl.ts';

const ca = makeCa();

function crlOf(options: CrlOptions): Crl {
  const result = parseCrl(ca.crl(options).der);
  assert.ok(result.ok, result.ok ? '' : result.detail);
  return result.crl;
}

/** Serial numbers of 16 bytes that look random and are the same in every run. */
const scattered = (n: number): bigint => BigInt(`0x4${createHash('sha256').update(`${n}`).digest('hex').slice(0, 31)}`);

test('every serial number of a list is found, and none beside it', () => {
  const serials = [
    0n,
    1n,
    127n,
    128n,
    255n,
    256n,
    32_767n,
    32_768n,
    -1n,
    -128n,
    -129n,
    1n << 63n,
    1n << 64n,
    (1n << 160n) - 1n,
  ];
  const crl = crlOf({ revoked: serials.map((serial) => ({ serial })) });
  assert.equal(crl.entryCount, serials.length);
  for (const serial of serials) assert.ok(crl.entryOf(serial), `${serial}`);
  for (const serial of serials) {
    for (const near of [serial - 1n, serial + 1n, -serial, serial << 8n]) {
      assert.equal(crl.entryOf(near) !== undefined, serials.includes(near), `${near}`);
    }
  }
});

test('a serial number of any size may be asked for', () => {
  const crl = crlOf({ revoked: [{ serial: 5n }] });
  for (const serial of [1n << 4096n, -(1n << 4096n), (1n << 512n) + 5n]) assert.equal(crl.entryOf(serial), undefined);
});

test('of two entries with one serial number the first counts', () => {
  const revoked = [
    { serial: 9n },
    { serial: 5n, reason: 6 },
    { serial: 5n, reason: 1 },
    { serial: 5n },
    { serial: 1n },
  ];
  assert.equal(crlOf({ revoked }).entryOf(5n)?.reason, 'certificateHold');
});

test('the extensions of an entry are its own', () => {
  const invalidityDate = '2026-03-04T05:06:07Z';
  const crl = crlOf({
    revoked: [
      { serial: 1n, reason: 4, invalidityDate },
      { serial: 2n },
      { serial: 3n, reason: 10, date: '2055-01-01T00:00:00Z' },
    ],
  });
  const entries = [1n, 2n, 3n].map((serial) => crl.entryOf(serial));
  assert.deepEqual(
    entries.map((entry) => entry?.reason),
    ['superseded', undefined, 'aACompromise'],
  );
  assert.deepEqual(entries[0]?.invalidityDate, new Date(invalidityDate));
  assert.equal(entries[1]?.invalidityDate, undefined);
  assert.equal(entries[2]?.revocationDate.toISOString(), '2055-01-01T00:00:00.000Z');
});

test('in an indirect list an entry belongs to the issuer named last', () => {
  const other = makeCa({ subject: 'CN=B' }).certificate.subject;
  const third = makeCa({ subject: 'CN=C' }).certificate.subject;
  const crl = crlOf({
    idp: { indirect: true },
    revoked: [
      { serial: 1n },
      { serial: 2n, certificateIssuer: 'CN=B' },
      { serial: 3n },
      { serial: 4n, certificateIssuer: 'CN=Test CA' },
      { serial: 5n, certificateIssuer: 'CN=b' },
    ],
  });
  const found = (name?: typeof other) => [1n, 2n, 3n, 4n, 5n].filter((serial) => crl.entryOf(serial, name));
  assert.deepEqual(found(), [1n, 4n]);
  assert.deepEqual(found(ca.certificate.subject), [1n, 4n]);
  assert.deepEqual(found(other), [2n, 3n, 5n]);
  assert.deepEqual(found(third), []);
  assert.equal(crl.entryCount, 5);
});

test('an indirect list of more than a thousand issuers is refused', () => {
  const issuers = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ serial: 1n, certificateIssuer: `CN=${n}` }));
  const list = (count: number) => parseCrl(ca.crl({ idp: { indirect: true }, revoked: issuers(count) }).der);
  assert.ok(list(1000).ok);
  const result = list(1100);
  assert.ok(!result.ok);
  assert.match(result.detail, /too many certificate issuers/);
});

test('a hundred thousand entries are read and found quickly', () => {
  const revoked = Array.from({ length: 100_000 }, (_, n) => ({ serial: scattered(n), reason: 1 }));
  const bytes = ca.crl({ revoked }).der;
  const started = performance.now();
  const result = parseCrl(bytes);
  assert.ok(result.ok);
  const { crl } = result;
  const read = performance.now();
  let found = 0;
  for (const { serial } of revoked) if (crl.entryOf(serial)) found++;
  for (let n = 100_000; n < 101_000; n++) if (crl.entryOf(scattered(n))) found++;
  const done = performance.now();
  assert.equal(crl.entryCount, 100_000);
  assert.equal(found, 100_000);
  // Ten times what it takes, so that a slow machine passes and a quadratic search does not.
  assert.ok(read - started < 2500, `read in ${read - started} ms`);
  assert.ok(done - read < 5000, `found in ${done - read} ms`);
});

test('serial numbers in one order, in the other, or all the same cost no more', () => {
  for (const serialOf of [(n: number) => n, (n: number) => 50_000 - n, () => 7]) {
    const revoked = Array.from({ length: 50_000 }, (_, n) => ({ serial: BigInt(serialOf(n)) }));
    const bytes = ca.crl({ revoked }).der;
    const started = performance.now();
    const result = parseCrl(bytes);
    assert.ok(result.ok && result.crl.entryOf(7n));
    assert.ok(performance.now() - started < 1500);
  }
});
