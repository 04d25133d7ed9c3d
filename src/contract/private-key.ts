// A private key that somebody pastes where a certificate belongs: what holds one is never repeated.

/**
 * Whether a text holds the label of a private key in PEM, or what is left of one: any kind, any case, at the beginning or
 * the end, wherever it stands. `Ours:` wider than RFC 7468, because a key that is written wrongly is a key, too.
 */
export function holdsPrivateKey(text: string): boolean {
  return /PRIVATE[ \t]+KEY(?:[ \t]+BLOCK)?[ \t]*-/i.test(text);
}

/** Whether a part of the text may hold a private key; the text may also be JSON of such parts, which escapes no letter. */
export function mayHoldPrivateKey(text: string): boolean {
  return /PRIVATE/i.test(text);
}
