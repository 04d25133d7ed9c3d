// What a judge answers to a case, and why. Whatever differs from case to case (names, numbers, identifiers) is taken out of
// a reason, so that equal faults have equal reasons.

/** Whether a judge trusts the leaf, and the reason in the judge's own words; of an acceptance `fine`. */
export interface Answer {
  readonly accepts: boolean;
  readonly reason: string;
  /** What is notable about the case, where the judge says so. */
  readonly traits?: readonly string[];
  /** Of an acceptance, where the judge says so: DER of the path, leaf first and anchor last. */
  readonly path?: readonly Uint8Array[];
}

/** Trusted, with nothing to say about it. */
export const fine: Answer = { accepts: true, reason: 'fine' };

/** Not trusted, for this reason. */
export function refused(reason: string): Answer {
  return { accepts: false, reason: general(reason) };
}

/** A reason without what is particular to one case. */
function general(reason: string): string {
  return reason
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b(?=\d*[a-f])[0-9a-f]{8,}\b|\b\d{8,}\b/g, 'HEX')
    .replace(/\b\d+(?:\.(?:\d|HEX)+)+\b/g, 'OID')
    .replace(/0x[0-9a-f]+/g, 'TAG')
    .replace(/\b\d+\b/g, 'N');
}
