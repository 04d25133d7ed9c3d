// Walks an input and its shape and says, in AWS's sentences, where the value breaks a constraint.
import { holdsPrivateKey } from './private-key.ts';
import { type AnyStructure, byShape, membersOf, type Shape } from './shape.ts';

/** Longest echo of a refused value, in characters. Ours: AWS echoes all of it; a 1 MiB echo serves nobody. */
const maxEcho = 1024;
/** Longest value beyond its length limit that a pattern is still tried on, in characters: one sentence refuses it already. */
const maxMatched = 16_384;
/** Most sentences in one message. AWS seen: dynalite's record of ten at most. */
const maxViolations = 10;

type Complain = (at: string, value: unknown, constraint: string) => void;

/**
 * The message of every violation, or undefined when the input is lawful.
 * `lowerFirst` writes member names with a small first letter, as the Query services do.
 * AWS doc: the sentences are those of AWS's service framework, one per violation, joined by `; `.
 */
export function violations(
  shape: AnyStructure,
  input: object,
  { lowerFirst = false }: { readonly lowerFirst?: boolean } = {},
): string | undefined {
  const found: string[] = [];
  const complain: Complain = (at, value, constraint) => {
    const shown = value === undefined ? ' null' : mayShow(value) ? ` '${echo(value)}'` : '';
    if (found.length < maxViolations) {
      found.push(`Value${shown} at '${at}' failed to satisfy constraint: ${constraint}`);
    }
  };
  checkMembers(shape, input, '', lowerFirst, complain);
  if (found.length === 0) return undefined;
  return `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`;
}

const hidden = Symbol('sensitive');

function mayShow(value: unknown): boolean {
  return value !== hidden && !holdsPrivateKey(typeof value === 'string' ? value : echo(value));
}

type Field = {
  readonly name: string;
  /** With a small first letter. */
  readonly lowerName: string;
  readonly shape: Shape;
  readonly required: boolean;
};

const fieldsOf: (shape: AnyStructure) => readonly Field[] = byShape((structure) =>
  membersOf(structure).map(([name, { shape, required }]) => {
    return { name, lowerName: name.charAt(0).toLowerCase() + name.slice(1), shape, required };
  }),
);

function checkMembers(shape: AnyStructure, value: object, at: string, lowerFirst: boolean, complain: Complain) {
  // The shape named by the member guarantees the value's form: the protocol's parser made it.
  const values = value as Readonly<Record<string, unknown>>;
  for (const field of fieldsOf(shape)) {
    const inner = values[field.name];
    if (inner === undefined && !field.required) continue;
    const path = at + (lowerFirst ? field.lowerName : field.name);
    if (inner !== undefined) check(field.shape, inner, path, lowerFirst, complain);
    else complain(path, undefined, 'Member must not be null');
  }
}

function check(shape: Shape, value: unknown, at: string, lowerFirst: boolean, complain: Complain): void {
  switch (shape.kind) {
    case 'string':
      return checkString(shape, String(value), at, complain);
    case 'integer':
      return checkRange(shape, Number(value), value, at, 'value', complain);
    case 'blob':
      // Parsed as bytes by the protocol.
      return checkRange(shape, (value as Uint8Array).length, hidden, at, 'length', complain);
    case 'list': {
      // Parsed as an array by the protocol.
      const items = value as readonly unknown[];
      checkRange(shape, items.length, isSensitive(shape.member) ? hidden : items, at, 'length', complain);
      if (shape.max !== undefined && items.length > shape.max) return;
      for (const [index, item] of items.entries()) {
        check(shape.member, item, `${at}.${index + 1}.member`, lowerFirst, complain);
      }
      return;
    }
    case 'map': {
      // Parsed as a record by the protocol.
      const entries = Object.entries(value as Readonly<Record<string, unknown>>);
      checkRange(shape, entries.length, hidden, at, 'length', complain);
      if (shape.max !== undefined && entries.length > shape.max) return;
      for (const [key, item] of entries) {
        checkString(shape.key, key, `${at}.key`, complain);
        const step = shape.key.sensitive ? 'value' : key.slice(0, 200);
        check(shape.value, item, `${at}.${step}.member`, lowerFirst, complain);
      }
      return;
    }
    case 'structure':
      // Parsed as an object by the protocol.
      return checkMembers(shape, value as object, `${at}.`, lowerFirst, complain);
    case 'boolean':
    case 'timestamp':
      return;
  }
}

function isSensitive(shape: Shape): boolean {
  return shape.kind === 'string' && shape.sensitive === true;
}

function checkString(shape: Extract<Shape, { kind: 'string' }>, value: string, at: string, complain: Complain): void {
  const shown = shape.sensitive ? hidden : value;
  if (shape.values && !shape.values.includes(value)) {
    return complain(at, shown, `Member must satisfy enum value set: [${shape.values.join(', ')}]`);
  }
  checkRange(shape, value.length, shown, at, 'length', complain);
  if (shape.pattern && value.length <= Math.max(maxMatched, shape.max ?? 0) && !shape.pattern.test.test(value)) {
    complain(at, shown, `Member must satisfy regular expression pattern: ${shape.pattern.text}`);
  }
}

function checkRange(
  limits: { readonly min?: number; readonly max?: number },
  size: number,
  shown: unknown,
  at: string,
  what: 'length' | 'value',
  complain: Complain,
): void {
  if (limits.max !== undefined && size > limits.max) {
    complain(at, shown, `Member must have ${what} less than or equal to ${limits.max}`);
  }
  if (limits.min !== undefined && size < limits.min) {
    complain(at, shown, `Member must have ${what} greater than or equal to ${limits.min}`);
  }
}

/** The value as AWS's messages show it: lists in brackets, structures in braces, cut at `maxEcho`. */
function echo(value: unknown): string {
  return shown(value, maxEcho).slice(0, maxEcho);
}

function shown(value: unknown, room: number): string {
  if (room <= 0) return '';
  if (Array.isArray(value)) {
    let text = '[';
    for (const item of value) {
      if (text.length > room) break;
      text += (text === '[' ? '' : ', ') + shown(item, room - text.length);
    }
    return `${text}]`;
  }
  // Structures inside a list may hold sensitive members; their content is not shown.
  return typeof value === 'object' && value !== null ? '{…}' : String(value);
}
