// `floor`: the same requests, answered by a server that does only what Anyrole's promises cannot do without. What it misses of a goal, no
// server on `node:http` and SQLite reaches on this machine; what lies between it and Anyrole is Anyrole's own.
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';
import { controlPlaneCases } from './control-plane.ts';
import { createSessionCases } from './create-session.ts';
import type { Effort } from './effort.ts';
import { type Case, type CaseResult, measureCase } from './measure.ts';

/** What the least server does for a request. */
export type Floor = {
  readonly status: number;
  readonly bodyBytes: number;
  /** How many it verifies: of an intermediate that was seen before, none. */
  readonly verified: number;
  /** Whose signatures it verifies, PKCS #8. Absent: an access key's. */
  readonly pem?: string;
  /** Whether the answer waits for rows: of the event, and of what changed. */
  readonly writes: boolean;
  /** Whether a token is sealed. */
  readonly seals: boolean;
};

type FloorCase = Case & Pick<Floor, 'verified' | 'writes' | 'seals'>;

const program = fileURLToPath(new URL('floor-server.ts', import.meta.url));

const { 'get-caller-identity': identity, 'get-profile': profile, 'list-profiles': list } = controlPlaneCases;
const { 'create-profile': create, 'assume-role': assume } = controlPlaneCases;
const warm = { verified: 1, writes: true, seals: true };
const cold = { ...warm, verified: 2 };
const change = { verified: 0, writes: true, seals: false };
const read = { ...change, writes: false };

export const floorCases: Readonly<Record<string, FloorCase>> = {
  'p256-warm': { ...createSessionCases['p256-warm'], ...warm },
  'p256-cold': { ...createSessionCases['p256-cold'], ...cold },
  'rsa2048-warm': { ...createSessionCases['rsa2048-warm'], ...warm },
  'rsa2048-cold': { ...createSessionCases['rsa2048-cold'], ...cold },
  'assume-role': { ...known(assume), ...change, seals: true },
  'create-profile': { ...known(create), ...change },
  'get-caller-identity': { ...known(identity), ...read },
  'get-profile': { ...known(profile), ...read },
  'list-profiles': { ...known(list), ...read },
};

function known(one: Case | undefined): Case {
  if (one === undefined) throw new RangeError('no such case of control-plane');
  return one;
}

/** As `measureCase`, with the least server in Anyrole's place. */
export function measureFloor({ verified, writes, seals, ...asked }: FloorCase, effort: Effort): Promise<CaseResult> {
  return measureCase({ ...asked, title: `floor of ${asked.title}` }, effort, ({ bodyBytes }, keys) => {
    const pem = keys?.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const floor: Floor = {
      status: asked.status,
      bodyBytes,
      verified,
      writes,
      seals,
      ...(pem === undefined ? {} : { pem }),
    };
    return startChild({ arguments: (directory) => [program, directory, JSON.stringify(floor)] });
  });
}
