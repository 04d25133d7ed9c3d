// What a value may show of itself outside the answer: audit events keep the request and the answer as the wire had
// them, without what a shape marks as sensitive. Each shape is made into a function once.
import { isoText } from './instant.ts';
import { holdsPrivateKey, mayHoldPrivateKey } from './private-key.ts';
import { type AnyStructure, byShape, membersOf, type Shape } from './shape.ts';

/** What stands in an audit event where a sensitive value was. AWS seen: CloudTrail records of 2024-08-01. */
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** Whether something is hidden in a text that `withoutSecrets` wrote. */
export function hides(shown: string): boolean {
  return shown.includes(hidden);
}

/**
 * The JSON value that is shown of a value; `careful` looks for private keys in every text. The shape guarantees the
 * value's form: the protocol's parser or the operation made it.
 */
type Show = (value: unknown, careful: boolean) => unknown;

/**
 * `value` as JSON text: instants as ISO 8601, bytes as base64, sensitive strings and whatever holds a private key hidden,
 * members the shape does not name left out.
 */
export function withoutSecrets(shape: AnyStructure, value: object): string {
  const show = showOf(shape);
  const text = JSON.stringify(show(value, false));
  // One look at the whole is cheaper than one at each string, and few have to be looked at closer.
  return mayHoldPrivateKey(text) ? JSON.stringify(show(value, true)) : text;
}

const showOf: (shape: Shape) => Show = byShape(madeShow);

function madeShow(shape: Shape): Show {
  switch (shape.kind) {
    case 'string':
      return shape.sensitive ? () => hidden : showString;
    case 'integer':
      return (value) => Number(value);
    case 'boolean':
      return (value) => value === true;
    case 'timestamp':
      return (value) => (value instanceof Date ? isoText(value) : null);
    case 'blob':
      return (value) => (value instanceof Uint8Array ? showBytes(Buffer.from(value)) : null);
    case 'list': {
      const show = showOf(shape.member);
      return (value, careful) => (Array.isArray(value) ? value.map((item) => show(item, careful)) : null);
    }
    case 'map': {
      const show = showOf(shape.value);
      const { sensitive } = shape.key;
      return (value, careful) =>
        Object.fromEntries(
          Object.entries(Object(value)).map(([key, item]) => [sensitive ? hidden : key, show(item, careful)]),
        );
    }
    case 'structure':
      return showStructure(shape);
  }
}

function showString(value: unknown, careful: boolean): string {
  const text = String(value);
  return careful && holdsPrivateKey(text) ? hidden : text;
}

function showBytes(bytes: Buffer): string {
  return holdsPrivateKey(bytes.toString('latin1')) ? hidden : bytes.toString('base64');
}

function showStructure(shape: AnyStructure): Show {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly show: Show }[] | undefined;
  return (value, careful) => {
    if (typeof value !== 'object' || value === null) return null;
    fields ??= membersOf(shape).map(([name, member]) => ({ name, show: showOf(member.shape) }));
    // As its shape says.
    const values = (shape.show === undefined ? value : shape.show(value)) as Readonly<Record<string, unknown>>;
    const shown: Record<string, unknown> = {};
    for (const { name, show } of fields) {
      const inner = values[name];
      if (inner !== undefined) shown[name] = show(inner, careful);
    }
    return shown;
  };
}
