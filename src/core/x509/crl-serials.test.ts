// Lists of serial numbers chosen to be slow or to be confused with one another. Work is counted in octets read, not in time.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { der } from '../../../test/pki.ts';
import { maxSerialBytes, serialIndex, sortedBySerial } from './crl-serials.ts';

/** The entries of a list with nothing but their serial numbers in them, and where each begins. */
function listOf(serials: readonly bigint[]) {
  const entries = serials.map((serial) => der.sequence(der.integer(serial)));
  let end = 0;
  const positions = entries.map(({ length }) => {
    end += length;
    return end - length;
  });
  return { bytes: new Uint8Array(Buffer.concat(entries)), positions };
}

/** The same bytes, with a count of how often one of them is read. */
function counting(bytes: Uint8Array) {
  const count = { reads: 0 };
  const get = (target: Uint8Array, at: string | symbol) => {
    count.reads += 1;
    return Reflect.get(target, at);
  };
  return { bytes: new Proxy(bytes, { get }), count };
}

const scattered = (n: number): bigint => BigInt(`0x4${createHash('sha256').update(`${n}`).digest('hex').slice(0, 31)}`);
const beginning = (octets: number): bigint => BigInt(`0x55${'a'.repeat((octets - 1) * 2)}`);

const orders: Readonly<Record<string, (n: number, count: number) => bigint>> = {
  'that look random': scattered,
  'in order': (n) => BigInt(n),
  'in reverse order': (n, count) => BigInt(count - n),
  'all the same': () => 7n,
  'of two kinds in turn': (n) => BigInt(n % 2),
  'below and above zero': (n) => (n % 2 === 0 ? -scattered(n) : scattered(n)),
  'that differ in the last of 64 octets': (n) => (beginning(61) << 24n) + BigInt((n * 7919) % 100_003),
  'that halve at every third octet': (n) => {
    const octets = Array.from({ length: 21 }, (_, at) => `0000${((n >> (at % 16)) & 1) + 1}`.padStart(6, '0'));
    return BigInt(`0x01${octets.join('')}`);
  },
  'that go on with zeros': (n) => BigInt((n % 100) + 1) << BigInt(8 * ((n * 31) % 60)),
};

for (const [kind, serialOf] of Object.entries(orders)) {
  test(`serial numbers ${kind}: each is found where it is listed first, its neighbours only if they are listed`, () => {
    const serials = Array.from({ length: 1000 }, (_, n) => serialOf(n, 1000));
    const { bytes, positions } = listOf(serials);
    const { find } = serialIndex(bytes, sortedBySerial(bytes, positions));
    const first = new Map<bigint, number | undefined>();
    for (const [n, serial] of serials.entries()) if (!first.has(serial)) first.set(serial, positions[n]);
    for (const serial of serials) {
      for (const near of [serial, serial + 1n, serial - 1n, serial << 8n, serial >> 8n, -serial]) {
        assert.equal(find(near), first.get(near), `${near}`);
      }
    }
  });

  test(`serial numbers ${kind}: ten times as many cost little more than ten times the work`, () => {
    const workOf = (length: number) => {
      const { bytes, positions } = listOf(Array.from({ length }, (_, n) => serialOf(n, length)));
      const counted = counting(bytes);
      const { find } = serialIndex(counted.bytes, sortedBySerial(counted.bytes, positions));
      const sorting = counted.count.reads;
      find(serialOf(length >> 1, length));
      return { perEntry: sorting / length, look: counted.count.reads - sorting };
    };
    const [small, big] = [workOf(500), workOf(5000)];
    assert.ok(
      big.perEntry <= 1.5 * small.perEntry,
      `${small.perEntry} octets read for each entry, then ${big.perEntry}`,
    );
    // All octets once, and a little besides for each three of them.
    assert.ok(big.perEntry < maxSerialBytes * 3, `${big.perEntry} octets read for each entry`);
    assert.ok(big.look < 16 * (maxSerialBytes + 2), `${big.look} octets read to find one`);
  });
}

test('of a list of none nothing is found', () => {
  assert.equal(serialIndex(new Uint8Array(), new Uint32Array()).find(0n), undefined);
});

test('entries with headers of every length are told apart by their serial numbers', () => {
  const padded = (serial: bigint, octets: number) =>
    der.sequence(der.integer(serial), der.octets(Buffer.alloc(octets)));
  const entries = [padded(3n, 1), padded(2n, 200), padded(1n, 300), padded(2n, 0)];
  const positions = entries.map((_, at) => entries.slice(0, at).reduce((sum, { length }) => sum + length, 0));
  const bytes = new Uint8Array(Buffer.concat(entries));
  const { find } = serialIndex(bytes, sortedBySerial(bytes, positions));
  assert.deepEqual([1n, 2n, 3n, 4n].map(find), [positions[2], positions[1], positions[0], undefined]);
});
