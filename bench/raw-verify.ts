// V: how many signatures of a kind node:crypto verifies per second on one thread, with nothing around it.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { KeyPair } from '../test/pki.ts';

/** As long as what CreateSession signs. */
const message = Buffer.alloc(160, 'm');
const batch = 50;

/** Milliseconds since some instant. */
export type Clock = () => number;

/** Processor time of this thread: what else the machine does takes none of it away. */
export function processorClock(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Verifications per second, measured for `seconds`. Throws when one fails. */
export function verifyRate({ privateKey, publicKey }: KeyPair, seconds: number, clock?: Clock): number {
  return rateOf(privateKey, seconds, () => publicKey, clock);
}

/** F: the same, but each with a key object made anew from the DER of its SubjectPublicKeyInfo. */
export function freshVerifyRate({ privateKey, publicKey }: KeyPair, seconds: number, clock?: Clock): number {
  const key = publicKey.export({ type: 'spki', format: 'der' });
  return rateOf(privateKey, seconds, () => createPublicKey({ key, format: 'der', type: 'spki' }), clock);
}

function rateOf(privateKey: KeyObject, seconds: number, keyOf: () => KeyObject, clock: Clock | undefined): number {
  // ML-DSA signs the message itself.
  const hash = privateKey.asymmetricKeyType?.startsWith('ml-dsa') ? null : 'sha256';
  const signature = sign(hash, message, privateKey);
  const once = () => {
    if (!verify(hash, message, keyOf(), signature)) throw new Error('a good signature does not verify');
  };
  return rate(seconds, once, clock);
}

/** How often per second something can be done, measured for `seconds`. */
export function rate(seconds: number, once: () => void, clock: Clock = () => performance.now()): number {
  const start = clock();
  const end = start + seconds * 1000;
  let count = 0;
  while (clock() < end) {
    for (let i = 0; i < batch; i++) once();
    count += batch;
  }
  return (count * 1000) / (clock() - start);
}
