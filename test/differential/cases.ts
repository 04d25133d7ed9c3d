// The cases of a seed: each a chain that was bent in one or two ways, made from the seed and its number alone.
import { bendBytes, bendTree } from '../der-mutations.ts';
import { type Seeded, seeded, shuffled } from '../seeded.ts';
import { type Chain, type Link, mintChain, type Recipe, signed, tbsOf } from './chains.ts';
import { plain, recipes } from './recipes.ts';
import { bendMeaning, linkToBend, now } from './semantic-mutations.ts';

/** What is put before every judge. All bytes are DER, or were. */
export interface Case {
  readonly seed: string;
  readonly index: number;
  readonly recipe: string;
  /** How the chain was bent: `tree drop, signed`. */
  readonly bent: string;
  readonly leaf: Uint8Array;
  /** The pool, in the order of sending. */
  readonly intermediates: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  /** The instant at which it is judged. */
  readonly at: Date;
}

/** The case of this number. `knows` says whether the openssl program is of this version or a later one. */
export function caseOf(seed: string, index: number, knows: (version: string) => boolean): Case {
  const random = seeded(`differential ${seed} ${index}`);
  const drawn = random.pick(recipes);
  const recipe = drawn.opensslFrom === undefined || knows(drawn.opensslFrom) ? drawn : plain;
  const { chain, bent } = bend(recipe, random);
  const { certificates, by } = bendPool(chain, random);
  const whole = { seed, index, recipe: recipe.name, bent: [...bent, ...by].join(' + '), at: now };
  return { ...whole, ...certificates };
}

function bend(recipe: Recipe, random: Seeded): { readonly chain: Chain; readonly bent: readonly string[] } {
  const share = random.below(100);
  if (share < 8) return { chain: mintChain(recipe), bent: [] }; // The pool alone is bent.
  if (share < 45) {
    const first = bendMeaning(recipe, random);
    if (!random.oneIn(4)) return { chain: mintChain(first.recipe), bent: [first.by] };
    const second = bendMeaning(first.recipe, random);
    return { chain: mintChain(second.recipe), bent: [first.by, second.by] };
  }
  const chain = mintChain(recipe);
  const at = linkToBend(chain.links.length, random);
  const link = chain.links[at];
  if (!link) return { chain, bent: [] };
  const { der, by } = bendLink(link, random);
  return { chain: { ...chain, links: chain.links.with(at, { ...link, der }) }, bent: [by] };
}

function bendLink(link: Link, random: Seeded): { readonly der: Uint8Array; readonly by: string } {
  const share = random.below(10);
  if (share < 1) {
    const { bytes, by } = bendBytes(link.der, random);
    return { der: bytes, by };
  }
  if (share < 3) {
    const { bytes, by } = bendTree(link.der, random);
    return { der: bytes, by };
  }
  const { bytes, by } = (share < 5 ? bendBytes : bendTree)(tbsOf(link.der), random);
  return { der: signed(bytes, link.signer, link.options), by: `${by}, signed` };
}

type Pool = Pick<Case, 'leaf' | 'intermediates' | 'anchors'>;

/** Rows that bend what is sent rather than what it says. */
const poolMutations: Readonly<Record<string, (pool: Pool, random: Seeded, foreign: Chain) => Pool>> = {
  drop: (pool, random) => ({
    ...pool,
    intermediates: pool.intermediates.toSpliced(random.below(pool.intermediates.length + 1), 1),
  }),
  reorder: (pool, random) => ({ ...pool, intermediates: shuffled(pool.intermediates, random) }),
  duplicate: (pool, random) => ({
    ...pool,
    intermediates: shuffled([...pool.intermediates, ...pool.intermediates], random),
  }),
  'the leaf in the pool': (pool) => ({ ...pool, intermediates: [pool.leaf, ...pool.intermediates] }),
  'the anchor in the pool': (pool) => ({ ...pool, intermediates: [...pool.anchors, ...pool.intermediates] }),
  'a foreign chain in the pool': (pool, random, foreign) => ({
    ...pool,
    intermediates: shuffled([...pool.intermediates, ...dersOf(foreign)], random),
  }),
  'a foreign anchor': (pool, _, foreign) => ({ ...pool, anchors: dersOf(foreign).slice(0, 1) }),
  'another anchor': (pool, _, foreign) => ({ ...pool, anchors: [...pool.anchors, ...dersOf(foreign).slice(0, 1)] }),
  'a foreign leaf': (pool, _, foreign) => ({ ...pool, leaf: dersOf(foreign).at(-1) ?? pool.leaf }),
  'an intermediate as anchor': (pool, random) =>
    pool.intermediates.length > 0 ? { ...pool, anchors: [random.pick(pool.intermediates)] } : pool,
  'an intermediate as leaf': (pool, random) =>
    pool.intermediates.length > 0 ? { ...pool, leaf: random.pick(pool.intermediates) } : pool,
  'leaf and intermediate swapped': ({ leaf, intermediates: [first = leaf, ...rest], anchors }) => ({
    leaf: first,
    intermediates: [leaf, ...rest],
    anchors,
  }),
  'the anchor as leaf': (pool) => ({ ...pool, leaf: pool.anchors[0] ?? pool.leaf }),
};

const dersOf = ({ links }: Chain): Uint8Array[] => links.map(({ der }) => der);

function bendPool({ links, beside }: Chain, random: Seeded): { certificates: Pool; by: readonly string[] } {
  const [anchor, ...below] = links.map(({ der }) => der);
  const leaf = below.pop();
  const straight: Pool = {
    leaf: leaf ?? new Uint8Array(),
    intermediates: [...below.reverse(), ...beside.map(({ der }) => der)],
    anchors: anchor ? [anchor] : [],
  };
  if (!random.oneIn(7)) return { certificates: straight, by: [] };
  const name = random.pick(Object.keys(poolMutations));
  const foreign = mintChain(random.pick(recipes.filter(({ opensslFrom }) => opensslFrom === undefined)));
  return { certificates: poolMutations[name]?.(straight, random, foreign) ?? straight, by: [`pool ${name}`] };
}
