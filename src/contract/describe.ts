// What a value may show of itself outside the answer: audit events keep the request and the answer as the wire had
// them, without what a shape marks as sensitive. Each shape is made into a writer of JSON text once.
import { isoText } from './instant.ts';
import { holdsPrivateKey } from './private-key.ts';
import { type AnyStructure, byShape, membersOf, type Shape } from './shape.ts';

/** What stands in an audit event where a sensitive value was. AWS seen: CloudTrail records of 2024-08-01. */
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const hiddenText = JSON.stringify(hidden);

/** Whether something is hidden in a text that `withoutSecrets` wrote. */
export function hides(shown: string): boolean {
  return shown.includes(hidden);
}

/** Writes a value as JSON. The shape guarantees the value's form: the protocol's parser or the operation made it. */
type Show = (value: unknown) => string;

/**
 * `value` as JSON text: instants as ISO 8601, bytes as base64, sensitive strings and whatever holds a private key hidden,
 * members the shape does not name left out.
 */
export function withoutSecrets(shape: AnyStructure, value: object): string {
  return showOf(shape)(value);
}

const showOf: (shape: Shape) => Show = byShape(madeShow);

function madeShow(shape: Shape): Show {
  switch (shape.kind) {
    case 'string':
      return shape.sensitive ? () => hiddenText : showString;
    case 'integer':
      return (value) => JSON.stringify(Number(value));
    case 'boolean':
      return (value) => (value === true ? 'true' : 'false');
    case 'timestamp':
      return (value) => (value instanceof Date ? `"${isoText(value)}"` : 'null');
    case 'blob':
      return (value) => (value instanceof Uint8Array ? showBytes(Buffer.from(value)) : 'null');
    case 'list': {
      const show = showOf(shape.member);
      return (value) => (Array.isArray(value) ? showList(show, value) : 'null');
    }
    case 'map': {
      const show = showOf(shape.value);
      return shape.key.sensitive ? showHiddenKeys(show) : showMap(show);
    }
    case 'structure':
      return showStructure(shape);
  }
}

function showString(value: unknown): string {
  const text = String(value);
  return holdsPrivateKey(text) ? hiddenText : JSON.stringify(text);
}

function showBytes(bytes: Buffer): string {
  return holdsPrivateKey(bytes.toString('latin1')) ? hiddenText : `"${bytes.toString('base64')}"`;
}

function showList(show: Show, items: readonly unknown[]): string {
  let text = '';
  for (const item of items) text += text === '' ? show(item) : `,${show(item)}`;
  return `[${text}]`;
}

function showMap(show: Show): Show {
  return (value) => {
    let text = '';
    for (const [key, item] of Object.entries(Object(value))) {
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${show(item)}`;
    }
    return `{${text}}`;
  };
}

/** Keys that are all hidden are one key, and its value is the last one's. */
function showHiddenKeys(show: Show): Show {
  return (value) => {
    const items = Object.values(Object(value));
    return items.length === 0 ? '{}' : `{${hiddenText}:${show(items.at(-1))}}`;
  };
}

function showStructure(shape: AnyStructure): Show {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly label: string; readonly show: Show }[] | undefined;
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'null';
    fields ??= membersOf(shape).map(([name, member]) => ({
      name,
      label: `${JSON.stringify(name)}:`,
      show: showOf(member.shape),
    }));
    const values = value as Readonly<Record<string, unknown>>; // as its shape says
    let text = '';
    for (const { name, label, show } of fields) {
      const inner = values[name];
      if (inner !== undefined) text += (text === '' ? label : `,${label}`) + show(inner);
    }
    return `{${text}}`;
  };
}
