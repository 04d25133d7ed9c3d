// A bounded memory of what a pure function answered, so that what comes again is not worked out again.

/**
 * `compute` with a memory of `room` answers; the eldest is forgotten first. An answer of undefined is not remembered, and
 * neither is a throw.
 */
export function remember<I, O>(room: number, keyOf: (input: I) => string, compute: (input: I) => O): (input: I) => O {
  const known = new Map<string, O>();
  return (input) => {
    const key = keyOf(input);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const answer = compute(input);
    if (answer === undefined) return answer;
    const eldest = known.size >= room ? known.keys().next().value : undefined;
    if (eldest !== undefined) known.delete(eldest);
    known.set(key, answer);
    return answer;
  };
}
