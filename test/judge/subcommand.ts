// What a subcommand of the judge is: one case in, one verdict out. Reading a member of unknown JSON lives here, so that
// every subcommand refuses a malformed case with the same words.
import type { Decision } from '../../src/core/policy/evaluate.ts';
import type { CrlStatusVerdict } from './crl-status.ts';

/** The verdict on one case; `code` is the machine-readable reason when it is not a plain `valid` or `ok`. */
export type Verdict = {
  readonly result:
    | 'valid'
    | 'invalid'
    | 'error'
    | 'ok'
    | 'MalformedPolicyDocument'
    | Decision['decision']
    | CrlStatusVerdict['result'];
  readonly code?: string;
  readonly message?: string;
};

/** Judges one parsed JSON line. May throw {@link BadInput}; the loop turns whatever is thrown into an `error` line. */
export type Subcommand = (line: JsonObject) => Verdict | Promise<Verdict>;

/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = { readonly [name: string]: unknown };

/** The case is not of the shape its subcommand reads. */
export class BadInput extends Error {}

/** A refused case. */
export function invalid(code: string, message?: string): Verdict {
  return message === undefined ? { result: 'invalid', code } : { result: 'invalid', code, message };
}

/** Narrows to an object; BadInput naming `what` otherwise. */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadInput(`${what} is not an object`);
  // The check above is the guarantee: a non-array object read through unknown members.
  return value as JsonObject;
}

/** A string member; absent or null gives undefined. */
export function optionalText(object: JsonObject, name: string): string | undefined {
  const value = object[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw new BadInput(`\`${name}\` is not a string`);
  return value;
}

/** A string member that must be there. */
export function text(object: JsonObject, name: string): string {
  const value = optionalText(object, name);
  if (value === undefined) throw new BadInput(`\`${name}\` is missing`);
  return value;
}

/** A boolean member; absent or null gives `otherwise`. */
export function flag(object: JsonObject, name: string, otherwise: boolean): boolean {
  const value = object[name] ?? otherwise;
  if (typeof value !== 'boolean') throw new BadInput(`\`${name}\` is not a boolean`);
  return value;
}

/** An ISO 8601 instant that must be there. */
export function instant(object: JsonObject, name: string): Date {
  const time = new Date(text(object, name));
  if (Number.isNaN(time.getTime())) throw new BadInput(`\`${name}\` is not an instant`);
  return time;
}

/** The instant of a member; absent or null is now. */
export function instantOrNow(object: JsonObject, name: string): Date {
  return optionalText(object, name) === undefined ? new Date() : instant(object, name);
}

/** The list of a member, whatever is in it; absent or null gives none. */
export function texts(object: JsonObject, name: string): readonly unknown[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw new BadInput(`\`${name}\` is not a list`);
  return value;
}

/** A whole number from 0 on; absent or null gives undefined. */
export function count(object: JsonObject, name: string): number | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new BadInput(`\`${name}\` is not a whole number`);
  return value;
}

/** The bytes of strict base64; none for whatever is not that, so that what they were to hold is malformed. */
export function base64Bytes(text: unknown): Uint8Array {
  if (typeof text !== 'string') return new Uint8Array(0);
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : new Uint8Array(0);
}
