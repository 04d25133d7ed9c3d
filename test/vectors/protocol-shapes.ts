// Shapes and values of botocore's protocol tests in our contract language. What the language has no word for is left out
// of the shape, so that a case which uses it cannot pass.
import type { Member, Place, Shape } from '../../src/contract/shape.ts';
import { blob, boolean, integer, list, map, oneOf, string, timestamp } from '../../src/contract/shape.ts';
import { type Reference, type Shapes, shapeOf } from './service-model.ts';

/** A structure whose members are filled in after it is known by name, for shapes that contain themselves. */
type Growing = { readonly kind: 'structure'; readonly members: Record<string, Member>; readonly union?: boolean };
type Context = {
  readonly shapes: Shapes;
  readonly protocol: 'rest-json' | 'query';
  readonly grown: Map<Reference, Growing>;
};

/** The structure that `reference` names, or an empty one without a reference. */
export function structureFrom(
  shapes: Shapes,
  protocol: Context['protocol'],
  reference: Reference | undefined,
): Growing {
  if (reference === undefined) return { kind: 'structure', members: {} };
  return grown({ shapes, protocol, grown: new Map() }, shapeOf(shapes, reference));
}

function grown(context: Context, shape: Reference): Growing {
  const known = context.grown.get(shape);
  if (known !== undefined) return known;
  const members: Record<string, Member> = {};
  const made: Growing = { kind: 'structure', members, ...(shape.union && { union: true }) };
  context.grown.set(shape, made);
  for (const [name, reference] of Object.entries(shape.members ?? {})) {
    const member = memberFrom(context, name, reference, shape.required?.includes(name) ?? false);
    if (member !== undefined) members[name] = member;
  }
  return made;
}

const places: Readonly<Record<string, Place>> = { body: 'body', uri: 'body', querystring: 'query', header: 'header' };

function memberFrom(context: Context, name: string, reference: Reference, required: boolean): Member | undefined {
  const { location = 'body', locationName: wireName = name, flattened, jsonvalue } = reference;
  const place = places[location];
  if (place === undefined || flattened || jsonvalue) return undefined;
  const shape = shapeFrom(context, reference, location);
  return shape && { shape, required, doc: name, in: place, ...(wireName !== name && { wireName }) };
}

function shapeFrom(context: Context, reference: Reference, location = 'body'): Shape | undefined {
  const shape = shapeOf(context.shapes, reference);
  const [member, key, value] = [shape.member, shape.key, shape.value];
  switch (shape.type) {
    case 'string':
      return shape.enum === undefined ? string() : oneOf(...shape.enum);
    case 'integer':
      return integer();
    case 'boolean':
      return boolean;
    case 'blob':
      return blob();
    case 'timestamp':
      return formatOf(context, shape, location) === 'iso8601' ? timestamp : undefined;
    case 'list': {
      const inner = member && member.locationName === undefined ? shapeFrom(context, member, location) : undefined;
      return inner && list(inner);
    }
    case 'map': {
      const renamed = (key?.locationName ?? value?.locationName) !== undefined;
      const inner = value && !renamed ? shapeFrom(context, value, location) : undefined;
      return inner && map(string(), inner);
    }
    case 'structure':
      return shape.document ? undefined : grown(context, shape);
    default:
      return undefined;
  }
}

/** The format of a timestamp's text, with the protocol's default for the place where it stands. */
function formatOf({ protocol }: Context, { timestampFormat }: Reference, location: string): string {
  if (timestampFormat !== undefined) return timestampFormat;
  if (location === 'header') return 'rfc822';
  return protocol === 'rest-json' && location === 'body' ? 'unixTimestamp' : 'iso8601';
}

/** The value of a test case as the walkers have it: numbers of seconds as dates, texts of blobs as bytes, null as absent. */
export function valueFrom(shapes: Shapes, reference: Reference | undefined, json: unknown): unknown {
  if (json === null) return undefined;
  const shape = reference === undefined ? {} : shapeOf(shapes, reference);
  const inner = (of: Reference | undefined, value: unknown) => valueFrom(shapes, of, value);
  switch (shape.type) {
    case 'timestamp':
      return new Date(Number(json) * 1000);
    case 'blob':
      return Buffer.from(String(json));
    case 'list':
      return Array.isArray(json) ? json.map((item) => inner(shape.member, item)) : json;
    case 'map':
      return withoutAbsent(json, (_name, value) => inner(shape.value, value));
    case 'structure':
      return shape.document ? json : withoutAbsent(json, (name, value) => inner(shape.members?.[name], value));
    default:
      return json;
  }
}

function withoutAbsent(json: unknown, make: (name: string, value: unknown) => unknown): object {
  const made = Object.entries(Object(json)).map(([name, value]) => [name, make(name, value)] as const);
  return Object.fromEntries(made.filter(([, value]) => value !== undefined));
}
