// The two refusals of this folder that are not about the encoding. They are thrown inside it alone: parsePkcs12 answers them.

/** The file uses what is not read here; the message is a clause that names it. */
export class Unsupported extends Error {}

/** The password does not open the file. */
export class WrongPassword extends Error {}

/** Throws Unsupported. */
export function unsupported(what: string): never {
  throw new Unsupported(what);
}
