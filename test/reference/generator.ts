// Policies and requests for the reference evaluation, from a seed. The alphabets are small and the patterns are near the
// requests, so that most statements match but for one thing.
import {
  ACTION_PATTERNS,
  ACTIONS,
  AWS_NAMES,
  HERE,
  KEYS,
  PRINCIPALS,
  PROVIDER,
  RESOURCE_PATTERNS,
  RESOURCES,
  ROLE,
  ROLE_ID,
  THERE,
  TRUST_ACTIONS,
  TRUST_PATTERNS,
  USER_ID,
  type Values,
} from './alphabets.ts';
import type { OneOrMany, PlainPolicy, PlainPrincipal, PlainRequest, PlainSet, PlainStatement } from './documents.ts';

/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** The generator known as mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const chance = (random: Random, share: number): boolean => random() < share;

/** One of the values, of which there must be some. */
function pick<Value>(random: Random, values: readonly Value[]): Value {
  // random() is below 1, so the index is within the list.
  return values[Math.floor(random() * values.length)] as Value;
}

function some<Value>(random: Random, values: readonly Value[], least: number, most: number): Value[] {
  return Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, () => pick(random, values));
}

/** One value plain or in a list, several in a list. */
function oneOrMany(random: Random, values: readonly string[], most: number): OneOrMany {
  const chosen = some(random, values, 1, most);
  const [first] = chosen;
  return chosen.length === 1 && first !== undefined && chance(random, 0.7) ? first : chosen;
}

const otherCase = (random: Random, key: string): string => (chance(random, 0.3) ? key.toUpperCase() : key);

/** In a policy of 2008 a variable is text, which is no boolean. */
const isWritable = (operators: Values, wanted: string, variables: boolean): boolean =>
  variables || !operators.includes('Bool') || !wanted.startsWith('$');

function condition(random: Random, variables: boolean): NonNullable<PlainStatement['Condition']> {
  const blocks: Record<string, Record<string, OneOrMany>> = {};
  for (const row of some(random, KEYS, 1, 2)) {
    const name = otherCase(random, row.key);
    if (chance(random, 0.12)) {
      blocks.Null = { ...blocks.Null, [name]: pick(random, ['true', 'false', 'True']) };
      continue;
    }
    const prefix = chance(random, 0.35) ? pick(random, ['ForAllValues:', 'ForAnyValue:']) : '';
    const operator = `${prefix}${pick(random, row.operators)}${chance(random, 0.2) ? 'IfExists' : ''}`;
    const writable = row.wanted.filter((one) => isWritable(row.operators, one, variables));
    const wanted = chance(random, 0.02) ? [] : oneOrMany(random, writable, 3);
    blocks[operator] = { ...blocks[operator], [name]: wanted };
  }
  return blocks;
}

function principalElement(random: Random): Pick<PlainStatement, 'Principal' | 'NotPrincipal'> {
  const map = {
    ...(chance(random, 0.8) && { AWS: oneOrMany(random, AWS_NAMES, 2) }),
    ...(chance(random, 0.25) && {
      Service: oneOrMany(random, ['rolesanywhere.amazonaws.com', 'ec2.amazonaws.com'], 2),
    }),
    ...(chance(random, 0.2) && { Federated: pick(random, [PROVIDER, 'accounts.google.com']) }),
  };
  const element = Object.keys(map).length === 0 || chance(random, 0.1) ? '*' : map;
  return chance(random, 0.2) ? { NotPrincipal: element } : { Principal: element };
}

type Kind = 'identity' | 'session' | 'resource' | 'trust';

function statement(random: Random, kind: Kind, sid: number, variables: boolean): PlainStatement {
  const trust = kind === 'trust';
  const Effect = chance(random, 0.12) ? 'Deny' : 'Allow';
  const actions = trust ? TRUST_PATTERNS : ACTION_PATTERNS;
  const notAction = !trust && chance(random, 0.12);
  const resources = oneOrMany(random, RESOURCE_PATTERNS, 2);
  const who = kind === 'resource' || trust ? principalElement(random) : {};
  const safe = trust && who.NotPrincipal ? { Principal: who.NotPrincipal } : who;
  return {
    ...(chance(random, 0.3) && { Sid: `S${sid}` }),
    Effect,
    ...safe,
    ...(notAction ? { NotAction: oneOrMany(random, actions, 2) } : { Action: oneOrMany(random, actions, 2) }),
    ...(!trust && (chance(random, 0.12) ? { NotResource: resources } : { Resource: resources })),
    ...(chance(random, 0.4) && { Condition: condition(random, variables) }),
  };
}

function policy(random: Random, kind: Kind): PlainPolicy {
  const version = chance(random, 0.8) ? '2012-10-17' : pick(random, ['2008-10-17', undefined]);
  return {
    ...(version !== undefined && { Version: version }),
    Statement: Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) =>
      statement(random, kind, index, version === '2012-10-17'),
    ),
  };
}

/** The policies of one caller and one resource. */
export function generateSet(random: Random): PlainSet {
  const trust = chance(random, 0.15);
  const many = (kind: Kind, most: number) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () => policy(random, kind));
  return {
    identity: many('identity', 3),
    boundary: chance(random, 0.25) ? policy(random, 'identity') : undefined,
    session: chance(random, 0.25) ? many('session', 2) : [],
    resource: trust || chance(random, 0.5) ? policy(random, trust ? 'trust' : 'resource') : undefined,
    trust,
    callerless: trust && chance(random, 0.3),
  };
}

function context(random: Random, principal: PlainPrincipal): Record<string, readonly string[]> {
  const entries = KEYS.filter(() => chance(random, 0.75)).map(({ key, given }): [string, readonly string[]] => {
    const most = key === 'aws:TagKeys' ? 3 : chance(random, 0.05) ? 2 : 1;
    return [otherCase(random, key), chance(random, 0.02) ? [] : some(random, given, 1, most)];
  });
  const id = principal.kind === 'user' ? USER_ID : principal.kind === 'assumedRole' ? `${ROLE_ID}:build` : undefined;
  return Object.fromEntries([...entries, ...(id === undefined ? [] : [['aws:userid', [id]] as const])]);
}

/** One question to a set. */
export function generateRequest(random: Random, { trust }: PlainSet): PlainRequest {
  const principal = pick(random, PRINCIPALS);
  const owner = pick(random, [undefined, undefined, HERE, HERE, principal.account, principal.account, THERE]);
  return {
    principal,
    action: pick(random, trust ? TRUST_ACTIONS : ACTIONS),
    resource: trust ? ROLE : pick(random, RESOURCES),
    context: context(random, principal),
    multivalued: chance(random, 0.8) ? ['aws:tagkeys'] : [],
    resourceAccount: trust ? HERE : owner,
  };
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  return values
    .map((value) => ({ value, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

/** The same policies, their lists and the keys of their objects in another order, under other white space. */
export function rewritten(random: Random, set: PlainSet): { readonly set: PlainSet; readonly indent: number } {
  const again = (one: PlainPolicy): PlainPolicy => ({
    Statement: shuffled(random, one.Statement).map(
      // The entries are the statement's own.
      (two) => Object.fromEntries(shuffled(random, Object.entries(two))) as PlainStatement,
    ),
    ...(one.Version !== undefined && { Version: one.Version }),
  });
  return {
    set: {
      ...set,
      identity: shuffled(random, set.identity.map(again)),
      boundary: set.boundary && again(set.boundary),
      session: shuffled(random, set.session.map(again)),
      resource: set.resource && again(set.resource),
    },
    indent: Math.floor(random() * 4),
  };
}
