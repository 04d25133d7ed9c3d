// The body of an answer: a text, or pieces of one. A long text that is kept for many answers is kept as bytes, which are
// written as they stand: neither joined, nor measured, nor encoded again.

type Piece = string | Uint8Array;
/** The bytes are UTF-8, and nobody's to change. */
export type AnswerBody = string | readonly Piece[];

/** One after the other. */
export function joined(one: AnswerBody, other: AnswerBody): AnswerBody {
  if (typeof one === 'string' && typeof other === 'string') return one + other;
  const pieces = [...piecesOf(one)];
  for (const piece of piecesOf(other)) {
    const last = pieces.at(-1);
    if (typeof last === 'string' && typeof piece === 'string') pieces[pieces.length - 1] = last + piece;
    else pieces.push(piece);
  }
  return pieces;
}

/** None of them is empty. */
function piecesOf(body: AnswerBody): readonly Piece[] {
  if (typeof body !== 'string') return body;
  return body === '' ? [] : [body];
}

/** Bytes of the body in UTF-8. */
export function byteLength(body: AnswerBody): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body.reduce((length, piece) => length + Buffer.byteLength(piece), 0);
}

/** The body as one text. */
export function bodyText(body: AnswerBody): string {
  if (typeof body === 'string') return body;
  return body.map((piece) => (typeof piece === 'string' ? piece : Buffer.from(piece).toString())).join('');
}

/** Characters from which on a text is kept as bytes: a shorter one is written sooner with what stands around it. */
const longText = 8 * 1024;

/** A text for many answers, in one piece: one that was joined of others keeps these, and would be joined in each answer. */
export function keptBody(text: string): AnswerBody {
  if (text.length < longText) return Buffer.from(text).toString();
  // In memory of their own: a part of Node's pool would keep all that stands beside it.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return Object.freeze([bytes]);
}
