// What a verification finds, as one line each: what is wrong, and where.

export type Finding = {
  /**
   * `changed`: an event, or its place, is not what the chain says. `removed`: a place without its event, or places that
   * are missing. `inserted`: what no place of the chain names. `truncated`: the log ends before its head.
   * `rewritten`: a signed statement says otherwise. `forged`: nobody with the keyring wrote this. `missing`: the chain, or
   * its head, is not there.
   */
  readonly finding: 'changed' | 'removed' | 'inserted' | 'truncated' | 'rewritten' | 'forged' | 'missing';
  readonly chain?: string;
  /** The place, or the first of several. */
  readonly sequence?: number;
  /** The last of several. */
  readonly lastSequence?: number;
  /** The event's key: account, time, id. */
  readonly key?: string;
  /** ISO 8601. */
  readonly time?: string;
  /** A clause. */
  readonly detail: string;
};

export type Report = (finding: Finding) => void;

/** The finding as a line for people. Keys may be anybody's who can write to the database: nothing speaks to the terminal. */
export function findingText({ finding, chain, sequence, lastSequence, key, time, detail }: Finding): string {
  const place =
    sequence === undefined
      ? ''
      : ` ${lastSequence === undefined || lastSequence === sequence ? sequence : `${sequence}–${lastSequence}`}`;
  const facts = [chain && `chain ${chain}`, key && `key ${key}`, time && `time ${time}`].filter(Boolean);
  return `${finding}${place}: ${detail}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`.replace(
    /\p{C}/gu,
    '\ufffd',
  );
}
