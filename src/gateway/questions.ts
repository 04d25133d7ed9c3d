// What requests ask for, remembered by their words: a workload asks for each session in the same ones, and a client asks
// who it is. Which operation that is, what its input says and that it is lawful depend on nothing else.
import { hides, withoutSecrets } from '../contract/describe.ts';
import type { Service } from '../contract/operation.ts';
import { type AnyStructure, byShape, membersOf, type Shape } from '../contract/shape.ts';
import { askedLately, bounded } from '../core/remember.ts';
import { sha256Hex } from '../core/signature/canonical.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import type { Call } from '../services/call.ts';
import { type Route, route } from './route.ts';

/** What a request asks for. */
export type Question = Route & {
  /** What is known since the same was asked before; undefined: it is not, and the input is to be read and judged. */
  readonly known: Known | undefined;
  /** By what it is found again; undefined: it is not to be remembered. */
  readonly words: string | undefined;
};

/** A lawful input, frozen and the same one each time, and its JSON text for audit events. */
export type Known = {
  readonly input: object;
  readonly shown: string;
  /** Of the body, which is among the words: lower-case hex SHA-256, as signatures have it. There once it was asked again. */
  readonly payloadHash: string | undefined;
};

type Remembered = Question & { readonly known: Known & { payloadHash: string | undefined } };

export type Questions = {
  /** What the request asks the service for; throws as `route` does. */
  ask(service: Service<Call>, request: WireRequest): Question;
  /**
   * Remembers the input of a question that was found lawful for the second time, and freezes it; not one that may hold a secret.
   * Answers its text for the audit event, where it was written.
   */
  keep(question: Question, input: object): string | undefined;
};

/** Questions remembered at most, characters of the words of one, and of all together. */
const room = 4096;
const maxWords = 2048;
const roomOfWords = 1024 * 1024;
/** Words of questions that were asked once, and characters of all of them: what makes something is seldom asked again. */
const roomOfNew = 512;
const roomOfNewWords = 128 * 1024;

export function questions(): Questions {
  const known = bounded<Remembered>(room, roomOfWords);
  const wasAsked = askedLately(roomOfNew, roomOfNewWords);
  return {
    ask(service, request) {
      const words = wordsOf(service, request);
      const remembered = words === undefined ? undefined : known.get(words);
      if (remembered !== undefined) {
        remembered.known.payloadHash ??= sha256Hex(request.body);
        return remembered;
      }
      const { operation, labels } = route(service, request);
      return { operation, labels, known: undefined, words };
    },
    keep({ operation, labels, words }, input) {
      if (words === undefined || !isOpen(operation.input)) return undefined;
      const shown = withoutSecrets(operation.input, input);
      if (!hides(shown) && wasAsked(words)) {
        const what = { input: frozen(input), shown, payloadHash: undefined };
        known.set(words, { operation, labels, known: what, words: undefined }, words.length);
      }
      return shown;
    },
  };
}

/**
 * All that the protocols read of a request, so that no two requests have the same: neither a method nor a service's name
 * holds a space. A presigned request comes once, and its query holds a signature.
 */
function wordsOf({ name }: Service<Call>, { method, path, rawQuery, body }: WireRequest): string | undefined {
  if (path.length + rawQuery.length + body.length > maxWords || rawQuery.includes('X-Amz-')) return undefined;
  const address = `${name} ${method} ${path.length} ${rawQuery.length} ${path}${rawQuery}`;
  return body.length === 0 ? address : `${address} ${latin1(body)}`;
}

/** Each byte as a character. */
function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes;
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, length)).toString('latin1');
}

/**
 * Whether inputs of the shape may stay in memory as they are: no secrets, nothing that cannot be frozen, and nothing from
 * headers, which are none of the words.
 */
const isOpen = byShape((input: AnyStructure): boolean =>
  membersOf(input).every(([, member]) => member.in !== 'header' && isPlain(member.shape)),
);

function isPlain(shape: Shape): boolean {
  switch (shape.kind) {
    case 'string':
      return !shape.sensitive;
    case 'integer':
    case 'boolean':
      return true;
    case 'timestamp':
    case 'blob':
      return false;
    case 'list':
      return isPlain(shape.member);
    case 'map':
      return isPlain(shape.key) && isPlain(shape.value);
    case 'structure':
      return membersOf(shape).every(([, member]) => isPlain(member.shape));
  }
}

function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner);
  return Object.freeze(value);
}
