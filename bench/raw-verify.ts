// V: how many signatures of a kind node:crypto verifies per second on one thread, with nothing around it.
import { sign, verify } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { KeyPair } from '../test/pki.ts';

/** As long as what CreateSession signs. */
const message = Buffer.alloc(160, 'm');
const batch = 50;

/** Verifications per second, measured for `seconds`. Throws when one fails. */
export function verifyRate({ privateKey, publicKey }: KeyPair, seconds: number): number {
  // ML-DSA signs the message itself.
  const hash = privateKey.asymmetricKeyType?.startsWith('ml-dsa') ? null : 'sha256';
  const signature = sign(hash, message, privateKey);
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < batch; i++) {
      if (!verify(hash, message, publicKey, signature)) throw new Error('a good signature does not verify');
    }
    count += batch;
  }
  return (count * 1000) / (performance.now() - start);
}
