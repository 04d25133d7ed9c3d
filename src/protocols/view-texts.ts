// What was written of stored documents: lists show the same ones again and again, and the store gives the same frozen object
// for a document until it changes. A text goes with its document, or when there are too many.

/** Writes a view of a document. */
export type WriteView = (document: unknown) => string;

/** Texts are kept in two generations; those of the elder that nobody asked for go with it. Characters of one. */
const generationSize = 512 * 1024;
/** Characters of the longest text that is kept. */
const maxText = 32 * 1024;

/** What one writer wrote of a document, and what others did. */
type Text = { readonly by: WriteView; readonly text: string; readonly next: Text | undefined };

/**
 * Gives writers a memory, which they share: of a frozen document, what they wrote of it before. What is not frozen nobody
 * keeps, or it may change: it is written each time.
 * INVARIANT: what is frozen is so through and through.
 */
export function viewTexts(): (write: WriteView) => WriteView {
  let young = new WeakMap<object, Text>();
  let elder = new WeakMap<object, Text>();
  let characters = 0;

  const keep = (document: object, by: WriteView, text: string) => {
    young.set(document, { by, text, next: young.get(document) });
    characters += text.length;
    if (characters < generationSize) return;
    elder = young;
    young = new WeakMap();
    characters = 0;
  };
  const writeAnew = (document: object, write: WriteView) => {
    const old = textBy(write, elder.get(document));
    const text = old ?? inOnePiece(write(document));
    if (text.length <= maxText) keep(document, write, text);
    return text;
  };

  return (write) => (document) => {
    if (typeof document !== 'object' || document === null) return write(document);
    const known = textBy(write, young.get(document));
    if (known !== undefined) return known;
    return Object.isFrozen(document) ? writeAnew(document, write) : write(document);
  };
}

function textBy(write: WriteView, first: Text | undefined): string | undefined {
  for (let one = first; one !== undefined; one = one.next) if (one.by === write) return one.text;
  return undefined;
}

/** A text that was joined of others keeps these, and is joined anew whenever it becomes part of an answer. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
}
