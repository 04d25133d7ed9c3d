// The forms of AWS credentials.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes

import { remember } from '../remember.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Random bytes that an identifier takes at most. */
export const identifierBytes = 17;

/** Random bytes that a secret access key takes, no more and no less. */
export const secretBytes = 30;

/** Random bits of an access key id: what is left of 80 beside a one and the account. */
const freeBits = 39n;
const accountBits = 40n;

/**
 * An access key id, 20 characters: `ASIA` for a session's, `AKIA` for a permanent one. It holds its account, twelve digits,
 * in the place where AWS's have it: after the first bit, 40 of them. `random`: at least 5 bytes, the first of which are taken. Ours: no secret, and so
 * few random bits that whoever keeps ids looks whether one is taken.
 * AWS seen: 2023-11, ASIAQNZGKIQY56JQ7WML is of the account 029608264753.
 */
export function accessKeyIdOf(prefix: 'ASIA' | 'AKIA', account: string, random: Uint8Array): string {
  const part = accountPart(account);
  if (random.length < 5 || part === undefined) throw new RangeError('an access key id takes an account and 5 bytes');
  // The first four of the 39 random bits fill up the ninth character. In numbers of at most 53 bits, as every session needs an id.
  const first = random[0] ?? 0;
  let low = first & 7;
  for (let at = 1; at < 5; at++) low = low * 256 + (random[at] ?? 0);
  const middle = alphabet.charAt(part.bit * 16 + ((first >> 3) & 15));
  // Joined, for JSON.stringify of a session's claims takes half the time where no text is a chain of texts.
  return [prefix, part.text, middle, characters(low, 7)].join('');
}

/** A one and the account are 41 bits: eight characters and a bit. Undefined for what is no account. */
const accountPart = remember(
  64,
  (account: string) => account,
  (account) => {
    if (!/^\d{12}$/.test(account)) return undefined;
    const bits = 2 ** 40 + Number(account);
    return { text: characters(Math.floor(bits / 2), 8), bit: bits % 2 };
  },
);

/** The lowest bits of a whole number below 2^53 as so many characters. */
function characters(bits: number, count: number): string {
  let text = '';
  for (let left = bits, at = 0; at < count; at++) {
    text = alphabet.charAt(left % 32) + text;
    left = Math.floor(left / 32);
  }
  return text;
}

/** The account that an access key id holds, or undefined where it holds none, as ids made elsewhere or long ago. */
export function accountOfKeyId(accessKeyId: string): string | undefined {
  if (!/^A[KS]IA[Q-Z2-7][A-Z2-7]{15}$/.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const character of accessKeyId.slice(4)) bits = (bits << 5n) | BigInt(alphabet.indexOf(character));
  const account = String((bits >> freeBits) & ((1n << accountBits) - 1n)).padStart(12, '0');
  return account.length === 12 ? account : undefined;
}

/** A unique id, 21 characters: `AROA…`, `AIPA…`. `random`: at least 17 bytes. */
export function uniqueIdOf(prefix: string, random: Uint8Array): string {
  return prefix + base32Text(random, 17);
}

/** A secret access key, 40 characters of base64. `random`: 30 bytes. */
export function secretAccessKeyOf(random: Uint8Array): string {
  if (random.length !== secretBytes) throw new RangeError('a secret access key is made of 30 random bytes');
  return Buffer.from(random.buffer, random.byteOffset, random.length).toString('base64');
}

/** `length` characters, five random bits each. */
function base32Text(random: Uint8Array, length: number): string {
  if (random.length < length)
    throw new RangeError(`an identifier of ${length} characters takes ${length} random bytes`);
  let text = '';
  for (let at = 0; at < length; at++) text += alphabet.charAt((random[at] ?? 0) & 31);
  return text;
}
