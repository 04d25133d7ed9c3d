// A small strict reader of XML for the tests of answers: elements, quoted attributes, text and the five plus numeric
// references; no comments, declarations or sections, for no answer has them. Holds no test itself.

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML has not
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const reference = /&(?!(?:amp|lt|gt|quot|apos|#x?[0-9A-Fa-f]+);)|&#x?0*;/;

/** What makes the text not well-formed, or undefined. Spec: XML 1.0 §2.1, §2.2, §2.4. */
export function xmlFault(xml: string): string | undefined {
  if (!xml.isWellFormed() || forbidden.test(xml)) return 'a character that XML has not';
  if (reference.test(xml)) return 'an ampersand that begins no reference';
  const tag = /<(\/?)([A-Za-z][\w.-]*)((?: [A-Za-z][\w:.-]*="[^"<]*")*)(\/?)>/y;
  const open: string[] = [];
  let roots = 0;
  for (let at = 0; at < xml.length; ) {
    if (xml[at] !== '<') {
      const end = xml.indexOf('<', at);
      const text = end < 0 ? xml.slice(at) : xml.slice(at, end);
      if (open.length === 0) return 'text outside the root';
      if (text.includes(']]>')) return 'the end of a section that never began';
      at += text.length;
      continue;
    }
    tag.lastIndex = at;
    const [whole, closing, name = '', attributes, empty] = tag.exec(xml) ?? [];
    if (whole === undefined) return `no tag at ${at}`;
    if (closing && (attributes || empty || open.pop() !== name)) return `</${name}> closes nothing`;
    if (!closing && open.length === 0 && ++roots > 1) return 'a second root';
    if (!closing && !empty) open.push(name);
    at += whole.length;
  }
  if (open.length > 0) return `${open.at(-1)} is not closed`;
  return roots === 1 ? undefined : 'no root';
}
