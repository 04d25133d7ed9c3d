// What was written of stored documents: lists show the same ones again and again, and the store gives the same frozen object
// for a document until it changes, and the same list. A text goes with what it tells of, or when there are too many.

import { type AnswerBody, bodyText, keptBody } from './answer-body.ts';

/** Writes a view of a document, or views of a list of documents. */
type WriteViews<D extends object> = (documents: D) => AnswerBody;

/** Texts are kept in two generations; those of the elder that nobody asked for go with it. Characters of one. */
const generationSize = 512 * 1024;
/** Characters of the longest text that is kept: a page of a hundred. */
const maxText = 128 * 1024;

/** What one writer wrote of a document, and what others did. */
type Text = {
  readonly by: object;
  readonly text: AnswerBody;
  readonly length: number;
  readonly next: Text | undefined;
};

/**
 * Gives writers a memory, which they share: of what is frozen, what they wrote of it before. What is not frozen nobody
 * keeps, or it may change: it is written each time.
 * INVARIANT: what is frozen is so through and through.
 */
export function viewTexts(): <D extends object>(write: WriteViews<D>) => WriteViews<D> {
  let young = new WeakMap<object, Text>();
  let elder = new WeakMap<object, Text>();
  let characters = 0;

  const keep = (of: object, by: object, text: AnswerBody, length: number) => {
    young.set(of, { by, text, length, next: young.get(of) });
    characters += length;
    if (characters < generationSize) return;
    elder = young;
    young = new WeakMap();
    characters = 0;
  };

  return (write) => (documents) => {
    const known = textBy(write, young.get(documents));
    if (known !== undefined) return known.text;
    if (!Object.isFrozen(documents)) return write(documents);
    const old = textBy(write, elder.get(documents));
    if (old !== undefined) {
      keep(documents, write, old.text, old.length);
      return old.text;
    }
    const text = bodyText(write(documents));
    if (text.length > maxText) return text;
    const kept = keptBody(text);
    keep(documents, write, kept, text.length);
    return kept;
  };
}

function textBy(by: object, first: Text | undefined): Text | undefined {
  for (let one = first; one !== undefined; one = one.next) if (one.by === by) return one;
  return undefined;
}
