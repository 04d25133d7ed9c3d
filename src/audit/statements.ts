// What is signed about a chain, so that somebody without the keyring can judge it: a checkpoint says what stood at a place
// at a time, a cut that retention removed all up to it, a beginning and an end what an export holds.
import { Buffer } from 'node:buffer';
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isCount, type Place } from './chain.ts';

export type StatementKind = 'checkpoint' | 'cut' | 'begin' | 'end';

/** A statement about the place `sequence` of a chain, whose hash it names. */
export type Statement = Place & {
  readonly statement: StatementKind;
  readonly chain: string;
  /** When it was signed. ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** Ed25519 over `statementText`, in base64. */
  readonly signature: string;
};

/** Signs statements about one chain. */
export type Signer = {
  readonly publicKey: KeyObject;
  sign(statement: StatementKind, place: Place, time: Date): Statement;
};

/** Bytes of the seed that a signing key is made of. */
export const seedBytes = 32;

/** An Ed25519 key in PKCS #8 up to its seed. Spec: RFC 8410 §7 */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The signer of a chain, from the seed of its private key. */
export function signerOf(chain: string, seed: Uint8Array): Signer {
  const key = Buffer.concat([pkcs8Prefix, seed]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return {
    publicKey: createPublicKey(privateKey),
    sign(statement, { sequence, hash, characters }, time) {
      const said = { statement, chain, sequence, hash, characters, time: time.toISOString() };
      return { ...said, signature: sign(null, Buffer.from(statementText(said)), privateKey).toString('base64') };
    },
  };
}

/** Whether the holder of the chain's private key said so. */
export function isSigned(statement: Statement, publicKey: KeyObject): boolean {
  return verify(null, Buffer.from(statementText(statement)), publicKey, Buffer.from(statement.signature, 'base64'));
}

/** A line for each member, in this order: no member holds a line's end. */
function statementText(said: Omit<Statement, 'signature'>): string {
  const { statement, chain, sequence, hash, characters, time } = said;
  return ['anyrole audit statement 1', statement, chain, sequence, hash, characters, time].join('\n');
}

/** The statement, or undefined for what has not the form of one; its signature is not looked at. */
export function statementOf(value: unknown): Statement | undefined {
  const { statement, chain, sequence, hash, characters, time, signature } = Object(value);
  if (!isKind(statement) || !isCount(sequence) || !isCount(characters)) return undefined;
  const texts = [chain, hash, time, signature];
  if (!texts.every((text) => typeof text === 'string' && !text.includes('\n'))) return undefined;
  return { statement, chain, sequence, hash, characters, time, signature };
}

function isKind(value: unknown): value is StatementKind {
  return value === 'checkpoint' || value === 'cut' || value === 'begin' || value === 'end';
}
