// A bounded memory of what a pure function answered, so that what comes again is not worked out again.

/** How large what is remembered may be together, by the sizes of the inputs. */
export type Sized<I> = { readonly most: number; sizeOf(input: I): number };

/** Things by their names, at most so many and so large together; the eldest is forgotten first. */
export type Bounded<T> = { get(name: string): T | undefined; set(name: string, thing: T, size: number): void };

/** Holds `room` things, whose sizes are `most` together. */
export function bounded<T>(room: number, most: number): Bounded<T> {
  const known = new Map<string, { readonly thing: T; readonly size: number }>();
  let total = 0;
  return {
    get: (name) => known.get(name)?.thing,
    set(name, thing, size) {
      total += size - (known.get(name)?.size ?? 0);
      known.set(ownText(name), { thing, size });
      for (const [eldest, { size: freed }] of known) {
        if (known.size <= room && total <= most) break;
        known.delete(eldest);
        total -= freed;
      }
    },
  };
}

/**
 * Whether a thing was asked about lately, by its name: as `askedBefore`, where there is no digest. It knows the names of
 * between `room` and twice as many things, or fewer where these have `most` characters together.
 */
export function askedLately(room: number, most: number): (name: string) => boolean {
  let [late, early] = [new Set<string>(), new Set<string>()];
  let characters = 0;
  return (name) => {
    if (late.has(name) || early.has(name)) return true;
    if (late.size >= room || characters + name.length > most) {
      // All at once: to forget them one by one costs as much as to keep what they stand for.
      [late, early] = [new Set(), late];
      characters = 0;
    }
    late.add(name);
    characters += name.length;
    return false;
  };
}

/**
 * `compute` with a memory of `room` answers; the eldest is forgotten first. An answer of undefined is not remembered, and
 * neither is a throw.
 */
export function remember<I, O>(
  room: number,
  keyOf: (input: I) => string,
  compute: (input: I) => O,
  { most, sizeOf }: Sized<I> = { most: 0, sizeOf: () => 0 },
): (input: I) => O {
  const known = bounded<O>(room, most);
  return (input) => {
    const key = keyOf(input);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const answer = compute(input);
    if (answer !== undefined) known.set(key, answer, sizeOf(input));
    return answer;
  };
}

/**
 * Whether something was asked about before, by its digest: hex, 16 characters or more. Of what comes to one of the `places`
 * the last is known. For memories that are full of what comes once: they begin with what comes again.
 */
export function askedBefore(places: number): (digest: string) => boolean {
  const last = new Uint32Array(places);
  return (digest) => {
    const place = Number.parseInt(digest.slice(0, 8), 16) % places;
    const mark = Number.parseInt(digest.slice(8, 16), 16);
    const isKnown = last[place] === mark;
    last[place] = mark;
    return isKnown;
  };
}

/** The same text in memory of its own: one that was cut from a longer text would keep all of that. */
function ownText(text: string): string {
  const own = Buffer.from(text).toString();
  // A lone surrogate has no bytes and would become another text.
  return own === text ? own : text;
}

/**
 * `compute` with a memory that lives as long as the thing it is about. INVARIANT: the thing never changes; a record that
 * is written anew is another thing.
 */
export function rememberOf<K extends object, O>(compute: (thing: K) => O): (thing: K) => O {
  const known = new WeakMap<K, { readonly answer: O }>();
  return (thing) => {
    const remembered = known.get(thing);
    if (remembered !== undefined) return remembered.answer;
    const answer = compute(thing);
    known.set(thing, { answer });
    return answer;
  };
}

/**
 * As {@link rememberOf}, from the second time on, for things of which most come once. What a WeakMap holds lives through the
 * collections of young objects, whether somebody else holds its key or not: V8 finds out when it collects all. Then what
 * comes once is as dear as what stays.
 */
export function rememberAgain<K extends object, O>(compute: (thing: K) => O): (thing: K) => O {
  const once = new WeakSet<K>();
  const known = new WeakMap<K, { readonly answer: O }>();
  return (thing) => {
    const remembered = known.get(thing);
    if (remembered !== undefined) return remembered.answer;
    const answer = compute(thing);
    if (once.has(thing)) known.set(thing, { answer });
    else once.add(thing);
    return answer;
  };
}

/**
 * One place in which one step of a request leaves what it worked out of a thing for the next step, which takes it: undefined where
 * another came between. No WeakMap, for the sake of the young: see {@link rememberAgain}.
 */
export function handover<K extends object, O>() {
  let left: { readonly thing: K; readonly answer: O } | undefined;
  return {
    leave(thing: K, answer: O): O {
      left = { thing, answer };
      return answer;
    },
    take(thing: K): O | undefined {
      const answer = left?.thing === thing ? left.answer : undefined;
      left = undefined;
      return answer;
    },
  };
}
