// When two bodies say the same: JSON by value, XML by its elements and namespaces, instants by the moment they name.

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const inUtc = (text: string): string => (instant.test(text) ? new Date(text).toISOString() : text);

/** The JSON value of a body without the members named, with instants in one spelling; what is no JSON is its text. */
export function jsonForm(body: string, without: readonly string[]): unknown {
  try {
    return JSON.parse(body, (name, value) => {
      if (without.includes(name)) return undefined;
      return typeof value === 'string' ? inUtc(value) : value;
    });
  } catch {
    return body;
  }
}

/** An element: name and namespace, then its text or its elements, those of one name in their order. */
export type Element = readonly [name: string, content: string | readonly Element[]];

/**
 * The root element of an XML body, without the elements named. Space between elements and the request's id, which no test case has, are left out;
 * elements are ordered by name, for members of a structure have no order. Reads only what these tests and this server write.
 */
export function xmlForm(body: string, without: readonly string[]): Element {
  const left = ['ResponseMetadata', ...without];
  const stack: { name: string; elements: Element[]; text: string }[] = [{ name: '', elements: [], text: '' }];
  for (const [, closing, name = '', attributes = '', empty, text] of body.matchAll(
    /<(\/?)([\w.]+)([^>]*?)(\/?)>|([^<]+)/g,
  )) {
    if (text !== undefined) {
      const top = stack.at(-1);
      if (top !== undefined) top.text += text;
      continue;
    }
    if (!closing)
      stack.push({ name: `${name}${attributes.trimEnd().replace(' xmlns=""', '')}`, elements: [], text: '' });
    if (closing || empty) {
      const done = stack.pop();
      if (done !== undefined) stack.at(-1)?.elements.push([done.name, contentOf(done.elements, done.text, left)]);
    }
  }
  return stack[0]?.elements[0] ?? ['', ''];
}

function contentOf(elements: readonly Element[], text: string, left: readonly string[]): Element[1] {
  if (elements.length === 0) return inUtc(text.trim());
  return elements
    .filter(([name]) => !left.includes(name.split(' ', 1)[0] ?? ''))
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}
