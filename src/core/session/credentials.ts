// The forms of AWS credentials.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Random bytes that an identifier of 16 or 17 characters takes. */
export const identifierBytes = 17;

/** An access key id, 20 characters: `ASIA` for a session's, `AKIA` for a permanent one. `random`: at least 16 bytes. */
export function accessKeyIdOf(prefix: 'ASIA' | 'AKIA', random: Uint8Array): string {
  return prefix + base32Text(random, 16);
}

/** A unique id, 21 characters: `AROA…`, `AIPA…`. `random`: at least 17 bytes. */
export function uniqueIdOf(prefix: string, random: Uint8Array): string {
  return prefix + base32Text(random, 17);
}

/** A secret access key, 40 characters of base64. `random`: 30 bytes, and nothing less. */
export function secretAccessKeyOf(random: Uint8Array): string {
  if (random.length !== 30) throw new RangeError('a secret access key is made of 30 random bytes');
  return Buffer.from(random).toString('base64');
}

/** `length` characters, five random bits each. */
function base32Text(random: Uint8Array, length: number): string {
  if (random.length < length)
    throw new RangeError(`an identifier of ${length} characters takes ${length} random bytes`);
  return Array.from(random.subarray(0, length), (byte) => alphabet[byte & 31]).join('');
}
