// What a value may show of itself outside the answer: audit events keep the request and the answer as the wire had
// them, without what a shape marks as sensitive.
import { holdsPrivateKey } from './private-key.ts';
import { type AnyStructure, membersOf, type Shape } from './shape.ts';

/** What stands in an audit event where a sensitive value was. AWS seen: CloudTrail records of 2024-08-01. */
const hiddenText = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** A JSON value with nothing sensitive in it. */
export type Shown = null | boolean | number | string | readonly Shown[] | { readonly [member: string]: Shown };

/**
 * `value` as JSON: instants as ISO 8601, bytes as base64, sensitive strings and whatever holds a private key hidden, members
 * the shape does not name left out.
 */
export function withoutSecrets(shape: AnyStructure, value: object): { readonly [member: string]: Shown } {
  const shown: Record<string, Shown> = {};
  // The shape named by the member guarantees the value's form: the protocol's parser or the operation made it.
  const values = value as Readonly<Record<string, unknown>>;
  for (const [name, member] of membersOf(shape)) {
    const inner = values[name];
    if (inner !== undefined) shown[name] = show(member.shape, inner);
  }
  return shown;
}

function show(shape: Shape, value: unknown): Shown {
  switch (shape.kind) {
    case 'string':
      return shape.sensitive || holdsPrivateKey(String(value)) ? hiddenText : String(value);
    case 'integer':
      return Number(value);
    case 'boolean':
      return value === true;
    case 'timestamp':
      return value instanceof Date ? value.toISOString() : null;
    case 'blob':
      return value instanceof Uint8Array ? bytesShown(Buffer.from(value)) : null;
    case 'list':
      return Array.isArray(value) ? value.map((item) => show(shape.member, item)) : null;
    case 'map':
      return Object.fromEntries(
        Object.entries(Object(value)).map(([key, item]) => [
          shape.key.sensitive ? hiddenText : key,
          show(shape.value, item),
        ]),
      );
    case 'structure':
      return typeof value === 'object' && value !== null ? withoutSecrets(shape, value) : null;
  }
}

function bytesShown(bytes: Buffer): string {
  return holdsPrivateKey(bytes.toString('latin1')) ? hiddenText : bytes.toString('base64');
}
