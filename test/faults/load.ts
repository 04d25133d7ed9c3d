// The load of the fault tests: requests over the whole road, in one process with the store, and what the ledger says of
// each. A refusal is a 503 in its protocol's form, or the promise is broken.
import assert from 'node:assert/strict';
import { trusting } from '../../src/services/rolesanywhere/rig.test.ts';
import type { Ledger, Thing } from '../crash/ledger.ts';
import type { Minted } from '../pki.ts';
import type { Answer, Road } from '../road.ts';
import type { Seeded } from '../seeded.ts';

/** What the clients of one data directory share. */
export type Load = {
  readonly road: Road;
  readonly ledger: Ledger;
  readonly random: Seeded;
  readonly arns: Readonly<Record<'trustAnchorArn' | 'profileArn' | 'roleArn', string>>;
  readonly leaves: readonly Minted[];
  /** Answers so far. */
  readonly tally: { taken: number; refused: number };
};

/** What is settled of a client's things: it goes on with these alone. */
export type Client = { readonly load: Load; readonly name: string; serial: number; mine: Thing[] };

type Act = (client: Client) => Promise<void>;

/** One request, of a kind that chance draws. */
export function act(client: Client): Promise<void> {
  return client.load.random.pick(acts)(client);
}

/** True: done. False: refused, as a store that is not available refuses. Throws AssertionError for everything else. */
function isTaken({ tally }: Load, answer: Answer, success: number): boolean {
  if (answer.status === success) {
    tally.taken += 1;
    return true;
  }
  tally.refused += 1;
  assert.equal(answer.status, 503, answer.body);
  assert.match(answer.code ?? '', /^ServiceUnavailable/);
  assert.match(answer.header('retry-after') ?? '', /^\d+$/);
  assert.doesNotMatch(answer.body, /ASIA|disk|locked|thread/);
  return false;
}

const requestIdOf = (answer: Answer) => answer.header('x-amzn-requestid') ?? '';

/** What the log says of a request that the store refused. */
function causeOf({ road }: Load, answer: Answer): string {
  const requestId = requestIdOf(answer);
  const told = road.logged.map((line): Readonly<Record<string, unknown>> => ({ ...line }));
  return String(told.findLast((line) => line.requestId === requestId && line.message === 'the store refused')?.cause);
}

/** A change, entered before it is asked for: refused for sure, it is struck out; refused in doubt, nobody goes on with it. */
async function change(
  { load, mine }: Client,
  thing: Thing,
  mark: string | undefined,
  ask: () => Promise<Answer>,
  success: number,
): Promise<Answer | undefined> {
  const deed: Thing['deeds'][number] = { mark };
  thing.deeds.push(deed);
  const answer = await ask();
  if (isTaken(load, answer, success)) {
    deed.requestId = requestIdOf(answer);
    return answer;
  }
  if (causeOf(load, answer) === 'the write was not committed') {
    thing.deeds.pop();
    return undefined;
  }
  const at = mine.indexOf(thing);
  if (at >= 0) mine.splice(at, 1);
  return undefined;
}

const newMark = ({ load: { random } }: Client) => String(900 + random.below(42_000));

async function create(client: Client): Promise<void> {
  const { load, mine } = client;
  const { road, ledger, random, arns } = load;
  const kind = random.pick(['profile', 'role'] as const);
  const name = `${client.name}-${client.serial++}`;
  const mark = kind === 'profile' ? newMark(client) : 'new';
  const thing: Thing = { kind, name, deeds: [] };
  ledger.things.push(thing);
  const answer =
    kind === 'profile'
      ? await change(
          client,
          thing,
          mark,
          () => road.rest('POST', '/profiles', profileOf(name, mark, arns.roleArn)),
          201,
        )
      : await change(client, thing, mark, () => road.query('iam', 'CreateRole', roleOf(name, mark)), 200);
  if (thing.deeds.length === 0) ledger.things.splice(ledger.things.indexOf(thing), 1);
  if (answer === undefined) return;
  if (kind === 'profile') thing.id = answer.json().profile.profileId;
  mine.push(thing);
}

const profileOf = (name: string, mark: string, roleArn: string) => ({
  name,
  roleArns: [roleArn],
  durationSeconds: Number(mark),
  enabled: true,
});

const roleOf = (RoleName: string, Description: string) => ({
  RoleName,
  Description,
  AssumeRolePolicyDocument: trusting(),
});

async function update(client: Client): Promise<void> {
  const { load, mine } = client;
  const { road, random } = load;
  if (mine.length === 0) return create(client);
  const thing = random.pick(mine);
  const mark = newMark(client);
  await change(
    client,
    thing,
    mark,
    () =>
      thing.kind === 'profile'
        ? road.rest('PATCH', `/profile/${thing.id}`, { durationSeconds: Number(mark) })
        : road.query('iam', 'UpdateRole', { RoleName: thing.name, Description: mark }),
    200,
  );
}

async function remove(client: Client): Promise<void> {
  const { load, mine } = client;
  const { road, random } = load;
  if (mine.length === 0) return create(client);
  const thing = random.pick(mine);
  const answer = await change(
    client,
    thing,
    undefined,
    () =>
      thing.kind === 'profile'
        ? road.rest('DELETE', `/profile/${thing.id}`)
        : road.query('iam', 'DeleteRole', { RoleName: thing.name }),
    200,
  );
  if (answer !== undefined) client.mine.splice(mine.indexOf(thing), 1);
}

/** Credentials that are given are entered; a refusal gives none. */
export async function createSession({ load }: Client): Promise<boolean> {
  const { road, ledger, random, arns, leaves } = load;
  const { certificate, privateKey } = random.pick(leaves);
  const answer = await road.session({ certificate, privateKey, body: arns });
  if (!isTaken(load, answer, 201)) return false;
  const { accessKeyId, secretAccessKey, sessionToken } = answer.json().credentialSet[0].credentials;
  const requestId = requestIdOf(answer);
  ledger.issued.push({ operation: 'CreateSession', requestId, accessKeyId, secretAccessKey, sessionToken });
  return true;
}

/** Reads go on whatever the disk does, and answer what was acknowledged. */
async function read({ load, mine }: Client): Promise<void> {
  const { road, random, ledger } = load;
  const thing = mine.length === 0 ? undefined : random.pick(mine);
  const keys = ledger.issued.length === 0 ? undefined : random.pick(ledger.issued);
  const answer = await random.pick([
    () => road.rest('GET', '/profiles'),
    () => road.query('sts', 'GetCallerIdentity', {}, { keys }),
    () => (thing?.kind === 'profile' ? road.rest('GET', `/profile/${thing.id}`) : road.rest('GET', '/subjects')),
    () => (thing?.kind === 'role' ? road.query('iam', 'GetRole', { RoleName: thing.name }) : road.rest('GET', '/crls')),
  ])();
  assert.equal(answer.status, 200, answer.body);
  load.tally.taken += 1;
  const mark = thing?.deeds.at(-1)?.mark ?? '';
  const tells = answer.body.includes(`"durationSeconds":${mark}`) || answer.body.includes(`<Description>${mark}<`);
  if (/"profile":\{|<GetRoleResult>/.test(answer.body)) assert.ok(tells, `${thing?.name}: ${mark}: ${answer.body}`);
}

/** Each is drawn as often as it stands here. */
const acts: readonly Act[] = [
  async (client) => void (await createSession(client)),
  async (client) => void (await createSession(client)),
  create,
  create,
  update,
  update,
  remove,
  read,
  read,
];
