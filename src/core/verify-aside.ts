// One signature, verified on another thread: its arithmetic may take longer than all else that a request needs.
import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';

/**
 * Whether `signature` is the key's signature of `message`; `hash` null: of a kind that hashes by itself. False for whatever
 * OpenSSL throws at; never rejects.
 * Ours: asked for when the turn of the event loop ends. To wake a thread costs this one as much as a small verification, and what
 * one turn has to ask is asked in one go, of threads that are awake from the second question on: a tenth more sessions.
 */
export function verifyAside(
  hash: string | null,
  message: Uint8Array,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    setImmediate(() => {
      try {
        verify(hash, message, key, signature, (error, isValid) => resolve(error === null && isValid));
      } catch {
        resolve(false);
      }
    });
  });
}
