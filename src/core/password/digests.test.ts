import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, firstDigests, isAmongLatest, isInForce, maxDigests, saltBytes, withPassword } from './digests.ts';

const cheap = { N: 2, r: 1, p: 1 };
const salt = (byte: number) => new Uint8Array(saltBytes).fill(byte);

test('the digest is that of RFC 7914', async () => {
  const held = { N: 1024, r: 8, p: 16, salt: Buffer.from('NaCl').toString('base64'), digests: [] };
  // RFC 7914 §12, the first 32 bytes: fewer are asked for, and scrypt's last step gives them in order.
  const wanted = 'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162';
  assert.equal((await digestOf(held, 'password')).toString('hex'), wanted);
});

test('the password in force is known, and no other', async () => {
  const held = await firstDigests('one', salt(1), cheap);
  assert.ok(isInForce(held, await digestOf(held, 'one')));
  for (const other of ['', 'on', 'One', 'one ', 'two']) assert.ok(!isInForce(held, await digestOf(held, other)));
  assert.ok(!isInForce({ ...held, digests: [] }, await digestOf(held, 'one')));
  assert.ok(!isInForce({ ...held, digests: [''] }, await digestOf(held, 'one')));
});

test('no two users have the same digest of one password, and no digest holds the password', async () => {
  const [one, other] = [await firstDigests('same', salt(1), cheap), await firstDigests('same', salt(2), cheap)];
  assert.notEqual(one.digests[0], other.digests[0]);
  assert.ok(!JSON.stringify(one).includes('same'));
});

test('passwords of before are known as far back as is asked, and only so many are kept', async () => {
  let held = await firstDigests('p0', salt(1), cheap);
  for (let index = 1; index <= maxDigests; index++) held = withPassword(held, await digestOf(held, `p${index}`));
  assert.equal(held.digests.length, maxDigests);
  const among = async (password: string, count: number) => isAmongLatest(held, await digestOf(held, password), count);
  assert.ok(await among('p24', 1));
  assert.ok(!(await among('p23', 1)));
  assert.ok(await among('p23', 2));
  assert.ok(await among('p1', 24));
  assert.ok(!(await among('p0', 24)));
  assert.ok(!(await among('p24', 0)));
});
