// Shapes: what a value looks like, stated as data. Types, parsing, validation, serialization, redaction and reference
// pages all walk these values; nothing else describes an operation's members.

/** Carries the TypeScript type of a shape's values; the member itself never exists. */
type Typed<T> = { readonly type?: T };

/** A constraint as AWS prints it, and the test that decides it. */
export type Pattern = {
  /** The regular expression in AWS's spelling, quoted in violation messages. */
  readonly text: string;
  /** Decides a full match in time linear in the value. */
  readonly test: RegExp;
};

export type StringShape<T extends string = string> = Typed<T> & {
  readonly kind: 'string';
  /** UTF-16 code units. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: Pattern;
  readonly values?: readonly T[];
  /** Never echoed in a message, never written to a log or an audit event. */
  readonly sensitive?: boolean;
};
export type IntegerShape = Typed<number> & { readonly kind: 'integer'; readonly min?: number; readonly max?: number };
export type BooleanShape = Typed<boolean> & { readonly kind: 'boolean' };
/** An instant: `Date` inside, ISO 8601 text in UTC on the wire; `wholeSeconds` leaves the fraction out. */
export type TimestampShape = Typed<Date> & { readonly kind: 'timestamp'; readonly wholeSeconds?: boolean };
/** Bytes: base64 on the wire; bounds count the bytes. */
export type BlobShape = Typed<Uint8Array> & { readonly kind: 'blob'; readonly min?: number; readonly max?: number };
export type ListShape<M extends Shape = Shape> = Typed<readonly ValueOf<M>[]> & {
  readonly kind: 'list';
  readonly member: M;
  readonly min?: number;
  readonly max?: number;
};
export type MapShape<V extends Shape = Shape> = Typed<Readonly<Record<string, ValueOf<V>>>> & {
  readonly kind: 'map';
  readonly key: StringShape;
  readonly value: V;
  readonly min?: number;
  readonly max?: number;
};
export type StructureShape<M extends Members = Members> = Typed<MembersValue<M>> & {
  readonly kind: 'structure';
  readonly members: M;
  /** Exactly one member is set. */
  readonly union?: boolean;
};
/** A structure of an output in whose place a document stands: whoever writes it writes what `show` makes of that. */
export type ViewShape<D extends object = object, M extends Members = Members> = Typed<D> & {
  readonly kind: 'structure';
  readonly members: M;
  readonly show: (document: D) => MembersValue<M>;
};

// biome-ignore lint/suspicious/noExplicitAny: a recursive alias cannot name its own inference; the constructors below guarantee the types
type Hole = any;
type Bounds = { readonly min?: number; readonly max?: number };
type AnyList = Typed<Hole> & Bounds & { readonly kind: 'list'; readonly member: Shape };
type AnyMap = Typed<Hole> & Bounds & { readonly kind: 'map'; readonly key: StringShape; readonly value: Shape };
export type AnyStructure = Typed<Hole> & {
  readonly kind: 'structure';
  readonly members: Members;
  readonly union?: boolean;
  readonly show?: (document: Hole) => object;
};

/** Any shape. Walkers switch on `kind`, with no default, so that a new kind is found by the compiler. */
export type Shape =
  | StringShape<Hole>
  | IntegerShape
  | BooleanShape
  | TimestampShape
  | BlobShape
  | AnyList
  | AnyMap
  | AnyStructure;

/**
 * Where a member travels. Path labels need no mark: the operation's path template names them. `queryOrBody` may stand in
 * either; where it stands in both, both must agree.
 */
export type Place = 'body' | 'query' | 'header' | 'queryOrBody';

export type Member<S extends Shape = Shape, R extends boolean = boolean> = {
  readonly shape: S;
  readonly required: R;
  /** One sentence for the reference page. */
  readonly doc: string;
  readonly in: Place;
  /** The name on the wire where it is not the member's own: a header's name. */
  readonly wireName?: string;
};
export type Members = Readonly<Record<string, Member>>;

/** The TypeScript type of a shape's values. */
export type ValueOf<S> = S extends { readonly type?: infer T } ? Exclude<T, undefined> : never;

type RequiredKeys<M extends Members> = { [K in keyof M]: M[K] extends Member<Shape, true> ? K : never }[keyof M];
type MembersValue<M extends Members> = { readonly [K in RequiredKeys<M>]: ValueOf<M[K]['shape']> } & {
  readonly [K in Exclude<keyof M, RequiredKeys<M>>]?: ValueOf<M[K]['shape']> | undefined;
};

/**
 * The constraint `text` as a full match. `linear` restates it where AWS's own spelling backtracks or is not JavaScript. It
 * is read by code points where it says `\p` or `\u{…}`, else by UTF-16 units.
 */
export function pattern(text: string, linear: string = text): Pattern {
  return Object.freeze({ text, test: new RegExp(`^(?:${linear})$`, /\\p|\\u\{/.test(linear) ? 'u' : '') });
}

export const string = (limits: Omit<StringShape, 'kind' | 'type' | 'values'> = {}): StringShape =>
  Object.freeze({ kind: 'string', ...limits });
/** A string of a closed set. */
export const oneOf = <const T extends string>(...values: readonly T[]): StringShape<T> =>
  Object.freeze({ kind: 'string', values });
export const integer = (limits: { readonly min?: number; readonly max?: number } = {}): IntegerShape =>
  Object.freeze({ kind: 'integer', ...limits });
export const boolean: BooleanShape = Object.freeze({ kind: 'boolean' });
export const timestamp: TimestampShape = Object.freeze({ kind: 'timestamp' });
export const timestampInSeconds: TimestampShape = Object.freeze({ kind: 'timestamp', wholeSeconds: true });
export const blob = (limits: { readonly min?: number; readonly max?: number } = {}): BlobShape =>
  Object.freeze({ kind: 'blob', ...limits });
export const list = <M extends Shape>(
  member: M,
  limits: { readonly min?: number; readonly max?: number } = {},
): ListShape<M> => Object.freeze({ kind: 'list', member, ...limits });
export const map = <V extends Shape>(
  key: StringShape,
  value: V,
  limits: { readonly min?: number; readonly max?: number } = {},
): MapShape<V> => Object.freeze({ kind: 'map', key, value, ...limits });
export const structure = <M extends Members>(members: M): StructureShape<M> =>
  Object.freeze({ kind: 'structure', members: Object.freeze(members) });
/** The output of an operation that has none, which differs on the wire from one that is empty: UpdateRole's. */
export const nothing = structure({});
type Entries = readonly (readonly [name: string, member: Member])[];

/**
 * `make` with a memory: what a shape is made into, a parser or a writer, is made once, when it is first asked for.
 * INVARIANT: a structure is whole before it is walked.
 */
export function byShape<S extends Shape, T>(make: (shape: S) => T): (shape: S) => T {
  const made = new WeakMap<S, { readonly thing: T }>();
  return (shape) => {
    let known = made.get(shape);
    if (known === undefined) {
      known = { thing: make(shape) };
      made.set(shape, known);
    }
    return known.thing;
  };
}

/** The members of a structure as pairs, in their order, made once. */
export const membersOf: (structure: AnyStructure) => Entries = byShape(({ members }) => Object.entries(members));

/** A structure of which exactly one member is set. */
export const union = <M extends Members>(members: M): StructureShape<M> =>
  Object.freeze({ kind: 'structure', members: Object.freeze(members), union: true });

/**
 * `shape` as an operation answers it of stored documents: it gives the documents, and `show` makes the structure's values of
 * them. What is written of one is the same until it changes, so that whoever writes may remember it.
 * INVARIANT: `show` depends on the document alone.
 */
export const view = <M extends Members, D extends object>(
  { members }: StructureShape<M>,
  show: (document: D) => MembersValue<M>,
): ViewShape<D, M> => Object.freeze({ kind: 'structure', members, show });

/** Whether documents stand in the place of the shape's values. */
export function isView(shape: Shape): boolean {
  return shape.kind === 'structure' && shape.show !== undefined;
}

/** Whether views stand in a shape, as itself or in lists and members. */
export const holdsViews: (shape: Shape) => boolean = byShape((shape) => isViewIn(shape, new Set()));

function isViewIn(shape: Shape, above: Set<Shape>): boolean {
  if (shape.kind === 'list') return isViewIn(shape.member, above);
  // A structure that contains itself holds no more than it holds at its first place.
  if (shape.kind !== 'structure' || above.has(shape)) return false;
  above.add(shape);
  return isView(shape) || membersOf(shape).some(([, member]) => isViewIn(member.shape, above));
}

type MemberTraits = { readonly doc: string; readonly in?: Place; readonly wireName?: string };
export const required = <S extends Shape>(shape: S, traits: MemberTraits): Member<S, true> =>
  Object.freeze({ shape, required: true, in: 'body', ...traits });
export const optional = <S extends Shape>(shape: S, traits: MemberTraits): Member<S, false> =>
  Object.freeze({ shape, required: false, in: 'body', ...traits });
