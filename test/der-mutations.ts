// Ways to bend DER: of its bytes, whatever they mean, and of the tree that they are. Each is one row with a name, and takes
// its choices from a seed.
import { oid, sequence, text } from './der.ts';
import type { Seeded } from './seeded.ts';
import { bytesOf, copyOf, type Place, placesIn, type TlvNode, treesOf } from './tlv-tree.ts';

/** The bytes bent, and by what. */
export interface Bent {
  readonly bytes: Uint8Array;
  readonly by: string;
}

type ByteMutation = (bytes: Uint8Array, random: Seeded) => Uint8Array;

const byteMutations: Readonly<Record<string, ByteMutation>> = {
  flip: (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  set: (bytes, random) => changed(bytes, random, () => random.below(256)),
  edge: (bytes, random) => changed(bytes, random, () => random.pick([0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff])),
  insert: (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(4))),
  delete: (bytes, random) => spliced(bytes, random.below(bytes.length), 1 + random.below(4), new Uint8Array()),
  duplicate(bytes, random) {
    const at = random.below(bytes.length);
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(16)));
  },
  truncate: (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  append: (bytes, random) => spliced(bytes, bytes.length, 0, random.bytes(1 + random.below(3))),
};

function changed(bytes: Uint8Array, random: Seeded, to: (byte: number) => number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const at = random.below(Math.max(bytes.length, 1));
  copy[at] = to(copy[at] ?? 0);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, gone: number, put: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]));
}

/** Bends some bytes somewhere. */
export function bendBytes(bytes: Uint8Array, random: Seeded): Bent {
  const name = random.pick(Object.keys(byteMutations));
  return { bytes: byteMutations[name]?.(bytes, random) ?? bytes, by: `byte ${name}` };
}

/** Bends the element at `place`; false when this way does not apply to it. */
type TreeMutation = (place: Place, random: Seeded, root: TlvNode) => boolean;

const stringTags = [0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e];
const oddTimes = [
  [0x17, '2601010000Z'],
  [0x17, '260101000000+0000'],
  [0x17, '260229000000Z'],
  [0x17, '261301000000Z'],
  [0x17, '260101240000Z'],
  [0x17, '260101000060Z'],
  [0x17, '491231235959Z'],
  [0x17, '500101000000Z'],
  [0x18, '20260101000000Z'],
  [0x18, '20260101000000.5Z'],
  [0x18, '20260101000000'],
  [0x18, '20360101000000+0100'],
  [0x18, '99991231235959Z'],
  [0x18, '00000101000000Z'],
  [0x18, '2036010100Z'],
] as const;

const isPrimitive = ({ node }: Place): boolean => node.children === undefined;
const isConstructed = ({ node }: Place): boolean => node.children !== undefined && node.children.length > 0;

function whenTagged(tags: readonly number[], bend: (node: TlvNode, random: Seeded) => void): TreeMutation {
  return ({ node }, random) => {
    if (!tags.includes(node.tag) || node.children) return false;
    bend(node, random);
    return true;
  };
}

const treeMutations: Readonly<Record<string, TreeMutation>> = {
  drop({ siblings, at }) {
    siblings.splice(at, 1);
    return true;
  },
  duplicate({ node, siblings, at }) {
    siblings.splice(at, 0, copyOf(node));
    return true;
  },
  swap({ siblings, at }) {
    const [one, other] = [siblings[at], siblings[at + 1]];
    if (!one || !other) return false;
    siblings.splice(at, 2, other, one);
    return true;
  },
  reverse(place) {
    if (!isConstructed(place) || (place.node.children?.length ?? 0) < 2) return false;
    place.node.children?.reverse();
    return true;
  },
  transplant({ siblings, at }, random, root) {
    siblings[at] = copyOf(random.pick(placesIn(root)).node);
    return true;
  },
  graft({ siblings, at }, random, root) {
    siblings.splice(at, 0, copyOf(random.pick(placesIn(root)).node));
    return true;
  },
  empty({ node }) {
    if (node.children) node.children = [];
    else node.content = new Uint8Array();
    return true;
  },
  retag({ node }, random) {
    node.tag = random.pick([
      ...stringTags,
      0x01,
      0x02,
      0x03,
      0x04,
      0x05,
      0x06,
      0x0a,
      0x30,
      0x31,
      0x80,
      0x81,
      0xa0,
      0xa1,
    ]);
    return true;
  },
  'flip class': ({ node }, random) => {
    node.tag ^= random.pick([0x20, 0x40, 0x80, 0xc0]);
    return true;
  },
  'flip tag number': ({ node }, random) => {
    node.tag ^= 1 << random.below(5);
    return true;
  },
  'padded length': ({ node }) => {
    node.length = 'padded';
    return true;
  },
  'indefinite length': (place) => {
    place.node.length = 'indefinite';
    return isConstructed(place);
  },
  'wrong length': ({ node }, random) => {
    node.length = random.pick(['tooLong', 'tooShort']);
    return true;
  },
  'content flip': (place, random) => {
    if (!isPrimitive(place) || place.node.content.length === 0) return false;
    place.node.content = changed(place.node.content, random, (byte) => byte ^ (1 << random.below(8)));
    return true;
  },
  'content edge': (place, random) => {
    if (!isPrimitive(place) || place.node.content.length === 0) return false;
    place.node.content = changed(place.node.content, random, () =>
      random.pick([0, 0x20, 0x2a, 0x2e, 0x40, 0x7f, 0x80, 0xff]),
    );
    return true;
  },
  'content longer': (place, random) => {
    if (!isPrimitive(place)) return false;
    const { content } = place.node;
    place.node.content = spliced(
      content,
      random.pick([0, content.length]),
      0,
      random.pick([Buffer.from([0]), random.bytes(1)]),
    );
    return true;
  },
  'content shorter': (place, random) => {
    if (!isPrimitive(place) || place.node.content.length < 2) return false;
    place.node.content = place.node.content.slice(...random.pick([[1], [0, -1]] as const));
    return true;
  },
  'string type': ({ node }, random) => {
    if (!stringTags.includes(node.tag)) return false;
    node.tag = random.pick(stringTags);
    return true;
  },
  'string text': whenTagged([...stringTags, 0x81, 0x82, 0x86], (node, random) => {
    node.content = Buffer.from(
      random.pick([
        '',
        ' ',
        '.',
        '*',
        '*.',
        'a b',
        'A',
        'a\0b',
        '@',
        'a@',
        'é',
        '*.example.com',
        'xn--',
        'a..b',
        'EXAMPLE.COM',
        'example.com.',
      ]),
    );
  }),
  'odd time': whenTagged([0x17, 0x18], (node, random) => {
    const [tag, written] = random.pick(oddTimes);
    node.tag = tag;
    node.content = Buffer.from(written);
  }),
  'odd integer': whenTagged([0x02, 0x80, 0x81], (node, random) => {
    node.content = Buffer.from(
      random.pick(['', '00', '01', '7f', 'ff', '80', '0001', 'ff80', '00ff', '7fffffff', '0080000000']),
      'hex',
    );
  }),
  'odd boolean': whenTagged([0x01], (node, random) => {
    node.content = Buffer.from(random.pick(['00', '01', 'ff', 'fe', '', 'ffff']), 'hex');
  }),
  'bit padding': ({ node }, random) => {
    if (node.tag !== 0x03) return false;
    const unused = Buffer.from([random.pick([1, 4, 7, 8, 0xff])]);
    if (node.children) node.prefix = unused;
    else node.content = spliced(node.content, 0, 1, unused);
    return true;
  },
  'odd oid': whenTagged([0x06], (node, random) => {
    node.content = Buffer.from(
      random.pick([
        '',
        '80',
        '8001',
        '2a',
        '2a8648ff',
        '551d13',
        '551d0f',
        '551d1e',
        '551d24',
        '551d25',
        'ffffffffffffffffff7f',
      ]),
      'hex',
    );
  }),
  'critical flag': ({ node }) => {
    if (!isExtension(node)) return false;
    const [first, second] = node.children ?? [];
    const flag = second?.tag === 0x01;
    if (first) node.children?.splice(1, flag ? 1 : 0, ...(flag ? [] : [yes()]));
    return true;
  },
  'other extension': ({ node }, random) => {
    const [type] = isExtension(node) ? (node.children ?? []) : [];
    if (!type) return false;
    const arc = random.pick([9, 14, 15, 16, 17, 18, 19, 30, 31, 32, 33, 35, 36, 37, 46, 54, 99]);
    type.content = Uint8Array.of(0x55, 0x1d, arc);
    return true;
  },
  'new extension': ({ node, siblings, at }, random) => {
    if (!isExtension(node)) return false;
    const value = random.pick([sequence(), text(0x0c, 'x'), Buffer.alloc(0), sequence(oid('1.2.3'))]);
    const type = { ...leaf(0x06), content: Uint8Array.of(0x2a, 0x03, random.below(64)) };
    const children = [type, ...(random.oneIn(2) ? [yes()] : []), { ...leaf(0x04), content: value }];
    siblings.splice(at, 0, { ...leaf(0x30), children });
    return true;
  },
};

function leaf(tag: number): TlvNode {
  return { tag, content: new Uint8Array(), children: undefined, prefix: new Uint8Array(), length: undefined };
}

function yes(): TlvNode {
  return { ...leaf(0x01), content: Uint8Array.of(0xff) };
}

/** `SEQUENCE { OID, …, OCTET STRING }`: an extension of a certificate or of a list. */
function isExtension({ tag, children = [] }: TlvNode): boolean {
  return tag === 0x30 && children.length >= 2 && children[0]?.tag === 0x06 && children.at(-1)?.tag === 0x04;
}

const names = Object.keys(treeMutations);

/** Bends one element of well-formed DER; the second half of the tree, where extensions are, more often than the first. */
export function bendTree(bytes: Uint8Array, random: Seeded): Bent {
  const [root] = treesOf(bytes) ?? [];
  if (!root) return bendBytes(bytes, random);
  for (let attempt = 0; attempt < 50; attempt++) {
    const places = placesIn(root);
    if (places.length === 0) break;
    const from = random.oneIn(2) ? places.length >> 1 : 0;
    const place = random.pick(places.slice(from));
    const name = random.pick(names);
    if (treeMutations[name]?.(place, random, root)) return { bytes: bytesOf(root), by: `tree ${name}` };
  }
  return bendBytes(bytes, random);
}
