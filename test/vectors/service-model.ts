// AWS's service models in botocore's form and in that of the SDK for JavaScript v2, which is the same with references
// resolved and limits left out. Models and our operations are laid out alike, as facts by path, so that they compare.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Operation } from '../../src/contract/operation.ts';
import type { AnyStructure, Member, Shape } from '../../src/contract/shape.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const models = resolve(root, process.env.ANYROLE_SHARED ?? '../shared', 'models');
/** Options of a test that needs the models kept outside of the repository. */
export const shared = existsSync(models) ? {} : { skip: 'shared/ is absent' };

/** A reference to a shape: by name, or the shape itself in the SDK's form, where `{}` is a string. */
export type Reference = Partial<Traits> & { readonly shape?: string };
type Traits = {
  readonly type: string;
  readonly members: Readonly<Record<string, Reference>>;
  readonly required: readonly string[];
  readonly member: Reference;
  readonly key: Reference;
  readonly value: Reference;
  readonly min: number;
  readonly max: number;
  readonly pattern: string;
  readonly enum: readonly string[];
  readonly sensitive: boolean;
  readonly union: boolean;
  readonly timestampFormat: string;
  readonly error: { readonly code?: string; readonly httpStatusCode?: number };
  readonly location: string;
  readonly locationName: string;
  readonly flattened: boolean;
  readonly payload: string;
  readonly document: boolean;
  readonly jsonvalue: boolean;
};
export type Shapes = Readonly<Record<string, Reference>>;
export type ModelOperation = {
  readonly name?: string;
  readonly http?: { readonly method?: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: Reference;
  readonly output?: Reference;
  readonly errors?: readonly Reference[];
};
export type Model = {
  readonly metadata: { readonly apiVersion: string; readonly protocol: string; readonly xmlNamespace?: string };
  readonly operations: Readonly<Record<string, ModelOperation>>;
  readonly shapes: Shapes;
};

/** The JSON in a file of the folder of models. Its README states the form; the caller names it. */
export function read<T>(file: string): T {
  return JSON.parse(readFileSync(resolve(models, file), 'utf8')) as T;
}

/** The model that the SDK for JavaScript v2 brings along. */
export function readSdk(file: string): Model {
  // The SDK's own loader reads the same form.
  return JSON.parse(readFileSync(resolve(root, 'node_modules/aws-sdk/apis', file), 'utf8')) as Model;
}

/** What stands at a path, each fact as text. */
export type Facts = Readonly<Record<string, string>>;
/** Facts by path: `input.tags[].key`, `output.properties{key}`. */
export type Layout = ReadonlyMap<string, Facts>;

const text = (value: unknown): string | undefined => (value === undefined || value === false ? undefined : `${value}`);
const present = (facts: Readonly<Record<string, string | undefined>>): Facts =>
  Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** The shape a reference leads to. */
export function shapeOf(shapes: Shapes, reference: Reference): Reference {
  return reference.shape === undefined ? reference : (shapes[reference.shape] ?? {});
}

/** The model's operation as facts by path. A shape within itself is not entered again. */
export function layoutOfModel(shapes: Shapes, operation: ModelOperation): Layout {
  const found = new Map<string, Facts>();
  const walk = (at: string, reference: Reference, required: boolean, within: readonly Reference[]): void => {
    const shape = shapeOf(shapes, reference);
    const { location = 'body', locationName } = reference;
    const inBody = location === 'body' ? text(locationName) : `${location} ${locationName}`;
    found.set(
      at,
      present({
        kind: shape.type ?? (shape.members === undefined ? 'string' : 'structure'),
        required: text(required),
        min: text(shape.min),
        max: text(shape.max),
        pattern: shape.pattern,
        values: shape.enum?.join(', '),
        sensitive: text(shape.sensitive),
        union: text(shape.union),
        place: inBody,
      }),
    );
    if (within.includes(shape)) return;
    const deeper = [...within, shape];
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      walk(`${at}.${name}`, member, shape.required?.includes(name) ?? false, deeper);
    }
    if (shape.member !== undefined) walk(`${at}[]`, shape.member, false, deeper);
    if (shape.key !== undefined) walk(`${at}{key}`, shape.key, false, deeper);
    if (shape.value !== undefined) walk(`${at}{value}`, shape.value, false, deeper);
  };
  walk('input', operation.input ?? { type: 'structure' }, false, []);
  walk('output', operation.output ?? { type: 'structure' }, false, []);
  return found;
}

/** Our operation as facts by path. */
export function layoutOfOperation({ input, output, address }: Operation<never>): Layout {
  const labels = (address?.segments ?? []).flatMap((segment) => ('label' in segment ? [segment.label] : []));
  const found = new Map<string, Facts>();
  const walk = (at: string, shape: Shape, own: Facts, within: readonly Shape[]): void => {
    found.set(at, { ...factsOf(shape), ...own });
    if (within.includes(shape)) return;
    const deeper = [...within, shape];
    if (shape.kind === 'list') walk(`${at}[]`, shape.member, {}, deeper);
    if (shape.kind === 'map') {
      walk(`${at}{key}`, shape.key, {}, deeper);
      walk(`${at}{value}`, shape.value, {}, deeper);
    }
    if (shape.kind !== 'structure') return;
    for (const [name, member] of Object.entries(shape.members)) {
      const place = at === 'input' && labels.includes(name) ? `uri ${name}` : placeOf(name, member);
      walk(`${at}.${name}`, member.shape, present({ required: text(member.required), place }), deeper);
    }
  };
  const root = (at: string, shape: AnyStructure) => walk(at, shape, {}, []);
  root('input', input);
  root('output', output);
  return found;
}

function placeOf(name: string, { in: place, wireName }: Member): string | undefined {
  if (place === 'body') return wireName;
  return `${place === 'query' ? 'querystring' : place} ${wireName ?? name}`;
}

function factsOf(shape: Shape): Facts {
  const { kind, min, max, pattern, values, sensitive, union }: Loose = shape;
  return present({
    kind,
    min: text(min),
    max: text(max),
    pattern: pattern?.text,
    values: values?.join(', '),
    sensitive: text(sensitive),
    union: text(union),
  });
}

type Loose = {
  readonly kind: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: { readonly text: string };
  readonly values?: readonly string[];
  readonly sensitive?: boolean;
  readonly union?: boolean;
};
