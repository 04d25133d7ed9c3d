// Inputs that are lawful by AWS's service models: each member of an operation at each of its bounds, and with each of its
// words, beside the other members that must be there.
import { type Reference, type Shapes, shapeOf } from './service-model.ts';

export type Input = Readonly<Record<string, unknown>>;

/** Where AWS reads on beyond its model, by the names of members. */
export type Readings = {
  /** Values in the place of those at the bounds; none at all: the member is never sent. */
  readonly values: Readonly<Record<string, readonly unknown[]>>;
  /** Members that must be there though the model does not say so. */
  readonly needed: readonly string[];
};

/** How lawful strings begin, after the patterns of IAM and STS, and with what they are filled to their length. */
const forms: readonly (readonly [head: string, filling: string, tail: string])[] = [
  ['', 'a', ''],
  ['', '0', ''],
  ['', 'A', ''],
  ['/', 'a', '/'],
  ['/', '', ''],
  ['v1', '0', ''],
  ['arn:aws:iam::123456789012:policy/', 'a', ''],
];

function stringOf(shape: Reference, length: number): string | undefined {
  const source = shape.pattern?.replace('\\u10000-\\u10FFFF', '\\u{10000}-\\u{10FFFF}');
  const pattern = source === undefined ? undefined : new RegExp(`^(?:${source})$`, /\\p|\\u\{/.test(source) ? 'u' : '');
  return forms
    .filter(([head, filling, tail]) => head.length + tail.length === length || filling !== '')
    .map(([head, filling, tail]) => head + filling.repeat(Math.max(0, length - head.length - tail.length)) + tail)
    .find((text) => text.length === length && (pattern?.test(text) ?? true));
}

/** The longest that is tried where the model has no bound. */
const unboundedLength = 64;

function strings(shape: Reference): readonly string[] {
  if (shape.enum !== undefined) return shape.enum;
  const { min = 1, max = unboundedLength } = shape;
  // A pattern may be narrower than the limits: the nearest length that it allows.
  const lengths = (from: number, to: number) => {
    const step = from < to ? 1 : -1;
    return Array.from({ length: Math.min(Math.abs(to - from), 64) + 1 }, (_, index) => from + index * step);
  };
  const nearest = (from: number, to: number) =>
    lengths(from, to)
      .map((length) => stringOf(shape, length))
      .find((text) => text !== undefined);
  return [nearest(Math.max(min, 1), max), nearest(max, min)].filter((text) => text !== undefined);
}

/** Lawful values at the shape's bounds. Throws where none is known, so that no shape goes untried in silence. */
export function lawfulValues(shapes: Shapes, reference: Reference): readonly unknown[] {
  const shape = shapeOf(shapes, reference);
  const values = valuesOf(shapes, shape);
  if (values.length === 0) throw new Error(`no lawful value is known for ${JSON.stringify(shape)}`);
  return values;
}

function valuesOf(shapes: Shapes, shape: Reference): readonly unknown[] {
  switch (shape.type) {
    case 'string':
      return strings(shape);
    case 'integer':
    case 'long':
      return [shape.min ?? 0, shape.max ?? 1000];
    case 'boolean':
      return [true, false];
    case 'timestamp':
      return ['2026-11-22T12:00:00Z'];
    case 'list':
      return lists(shapes, shape);
    case 'structure':
      return structures(shapes, shape);
    default:
      return [];
  }
}

/** One list for each value, and one of as many as may be, each distinct in its strings. */
function lists(shapes: Shapes, { member = {}, min = 0, max = 2 }: Reference): readonly unknown[] {
  const values = lawfulValues(shapes, member);
  const count = Math.max(min, Math.min(max, 50));
  return [
    ...values.map((value) => [value]),
    Array.from({ length: count }, (_, index) => distinct(shapes, member, values[0], index)),
  ];
}

function distinct(shapes: Shapes, reference: Reference, value: unknown, index: number): unknown {
  const { enum: words, members = {} } = shapeOf(shapes, reference);
  const digits = String(index).padStart(2, '0');
  if (typeof value === 'string') return words ? value : (value.length > 2 ? value.slice(0, -2) : value) + digits;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, distinct(shapes, members[name] ?? {}, inner, index)]),
  );
}

function structures(shapes: Shapes, shape: Reference): readonly Input[] {
  const members = Object.entries(shape.members ?? {}).map(
    ([name, reference]) => [name, lawfulValues(shapes, reference)] as const,
  );
  const most = Math.max(1, ...members.map(([, values]) => values.length));
  return Array.from({ length: most }, (_, index) =>
    Object.fromEntries(members.map(([name, values]) => [name, values[index % values.length]])),
  );
}

/** Every lawful input of an operation: its required members alone, all, and each member at each bound beside the required. */
export function lawfulInputs(shapes: Shapes, reference: Reference | undefined, readings: Readings): readonly Input[] {
  const shape = shapeOf(shapes, reference ?? { type: 'structure' });
  const members = Object.entries(shape.members ?? {}).map(
    ([name, member]) => [name, readings.values[name] ?? lawfulValues(shapes, member)] as const,
  );
  const isNeeded = (name: string) => shape.required?.includes(name) || readings.needed.includes(name);
  const first = (chosen: typeof members) =>
    Object.fromEntries(chosen.flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value]])));
  const required = first(members.filter(([name]) => isNeeded(name)));
  const each = members.flatMap(([name, values]) => values.map((value) => ({ ...required, [name]: value })));
  return [required, first(members), ...each];
}
