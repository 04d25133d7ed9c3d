// What clients asked of a server and what it told them, in the order of each thing's life: what a data directory is held
// against after the server was killed.

/** A change that was asked for, and whether the answer came. */
export type Deed = {
  /** What distinguishes the thing after the change; undefined: it is gone. */
  readonly mark: string | undefined;
  /** The answer's, once it came. */
  requestId?: string;
};

/** A profile or a role. INVARIANT: one client alone changes it, and waits for each answer. */
export type Thing = {
  readonly kind: 'profile' | 'role';
  readonly name: string;
  /** Of a profile: the server makes it, the answer tells. */
  id?: string;
  readonly deeds: Deed[];
};

/** Credentials that a client has seen. */
export type Issued = {
  readonly operation: 'CreateSession' | 'AssumeRole';
  readonly requestId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

export type Ledger = { readonly things: Thing[]; readonly issued: Issued[] };

export function emptyLedger(): Ledger {
  return { things: [], issued: [] };
}

/** Whether a client may go on with the thing: it is there, and what was asked last was answered. */
export function isSettled({ deeds }: Thing): boolean {
  const last = deeds.at(-1);
  return last?.requestId !== undefined && last.mark !== undefined;
}

/**
 * The marks that the thing may have, where `acknowledged` says which answers came: that of the last deed that was answered,
 * or of the one after it, which may have been done or not.
 */
export function possibleMarks(
  { deeds }: Thing,
  acknowledged: (requestId: string) => boolean,
): readonly (string | undefined)[] {
  const answered = deeds.findLastIndex(({ requestId }) => requestId !== undefined && acknowledged(requestId));
  const before = answered < 0 ? undefined : deeds[answered]?.mark;
  const next = deeds[answered + 1];
  return next === undefined ? [before] : [before, next.mark];
}
