// The Query protocol from the other side: parameters out of members, and members out of an XML answer, for recorded
// scenarios. No client's parser: they hide what they do not know.

/** Query parameters of an input: `Tags.member.1.Key`. */
export function parametersOf(input: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(input).flatMap(([name, value]) => flattened(name, value)));
}

function flattened(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => flattened(`${name}.member.${index + 1}`, item));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([inner, item]) => flattened(`${name}.${inner}`, item));
  }
  return [[name, String(value)]];
}

/** An element: its text, its members by name, or the items of a list. */
export type Tree = string | readonly Tree[] | { readonly [name: string]: Tree };

/** The members of an XML answer. An element without content is `{}`; reads only what this server writes. */
export function treeOf(xml: string): { readonly [name: string]: Tree } {
  const stack: { name: string; children: [string, Tree][]; text: string }[] = [{ name: '', children: [], text: '' }];
  for (const [, closing, name = '', empty, text] of xml.matchAll(/<(\/?)([\w.]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const top = stack.at(-1);
    if (top === undefined) break;
    if (text !== undefined) top.text += unescaped(text);
    else if (empty) top.children.push([name, {}]);
    else if (!closing) stack.push({ name, children: [], text: '' });
    else {
      stack.pop();
      stack.at(-1)?.children.push([top.name, contentOf(top.children, top.text)]);
    }
  }
  return Object.fromEntries(stack[0]?.children ?? []);
}

function contentOf(children: readonly [string, Tree][], text: string): Tree {
  if (children.length === 0) return text;
  if (children.every(([name]) => name === 'member')) return children.map(([, value]) => value);
  return Object.fromEntries(children);
}

/** The member at `Role.Tags.0.Key`; undefined where there is none. */
export function memberOf(tree: unknown, path: string): unknown {
  return path.split('.').reduce((at, name) => Reflect.get(Object(at), name), tree);
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-fA-F]+)|(\w+));/g, (whole, hex, name) =>
    hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (named[name] ?? whole),
  );
}
