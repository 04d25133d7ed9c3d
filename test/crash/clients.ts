// The load of the crash tests: clients that create, change and delete profiles and roles of their own, take credentials and
// use them, and enter in the ledger what they asked and what they were told.
import type { Socket } from 'node:net';
import { type Arns, type Callers, formOf, formType, keyIn } from '../../bench/account.ts';
import { assumeRole } from '../../bench/control-plane.ts';
import { keyRequest, type Question } from '../../bench/key-requests.ts';
import { type Certified, type Pki, sessionRequest } from '../../bench/session-requests.ts';
import { type Answer, complete, connected } from '../../bench/wire.ts';
import type { AccessKey } from '../../src/client/send.ts';
import type { Seeded } from '../seeded.ts';
import { type Issued, isSettled, type Ledger, type Thing } from './ledger.ts';

/** What a data directory was prepared with. */
export type Account = Callers & {
  readonly arns: Arns;
  readonly pki: Pki;
  /** Holders: those that come again and again, and many that come once. */
  readonly leaves: readonly Certified[];
};

export type LoadTraits = {
  readonly url: string;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly random: Seeded;
  /** Names of new things begin with it, so that none is there already. */
  readonly prefix: string;
  /** Whether to go on. */
  readonly goesOn: () => boolean;
  /** Called after each answer. */
  readonly answered?: () => void;
};

/** `number`: of this client, from 0: things are shared out by it. */
type ClientTraits = LoadTraits & { readonly number: number };

/** The connection ended before an answer was complete: the server is gone. */
class Gone extends Error {
  override readonly name = 'Gone';
}

/**
 * Clients that ask one thing after another until the server is gone or they are told to end. Rejects when an answer is not
 * a success.
 */
export async function clients(traits: LoadTraits): Promise<void> {
  await Promise.all(Array.from({ length: clientCount }, (_, number) => client({ ...traits, number })));
}

const clientCount = 8;

async function client(traits: ClientTraits): Promise<void> {
  const { url, ledger, random, number, goesOn } = traits;
  const mine = ledger.things.filter((thing, at) => at % clientCount === number && isSettled(thing));
  const socket = await connected(url).catch(() => undefined);
  if (socket === undefined) return;
  const talk = talkOver(socket, traits.answered);
  try {
    for (let serial = 0; goesOn(); serial++) await random.pick(acts)({ ...traits, mine, talk, serial });
  } catch (cause) {
    if (!(cause instanceof Gone)) throw cause;
  } finally {
    socket.destroy();
  }
}

type Talk = (request: Uint8Array) => Promise<{ readonly requestId: string; readonly body: string }>;
type Turn = ClientTraits & { readonly mine: Thing[]; readonly talk: Talk; readonly serial: number };
type Act = (turn: Turn) => Promise<void>;

function talkOver(socket: Socket, answered = () => {}): Talk {
  return async (request) => {
    const answer = await answerOn(socket, request);
    const text = answer.bytes.toString('utf8');
    if (answer.status >= 300) throw new Error(`a client was refused: ${text.slice(0, 500)}`);
    answered();
    const [, requestId = ''] = /\r\nx-amzn-requestid: *([\w-]+)/i.exec(text) ?? [];
    return { requestId, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
  };
}

function answerOn(socket: Socket, request: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const gone = () => reject(new Gone());
    socket.removeAllListeners();
    socket.on('error', gone);
    socket.on('close', gone);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = complete(received);
      if (answer !== undefined) resolve(answer);
    });
    if (socket.destroyed) gone();
    else socket.write(request);
  });
}

/** Signs with the user's key as of now, and asks. */
function asked({ url, account, talk }: Turn, question: Question, key: AccessKey = account.userKey) {
  return talk(keyRequest(url, key, question, new Date()));
}

function rest(method: Question['method'], path: string, body?: object): Question {
  if (body === undefined) return { service: 'rolesanywhere', method, path };
  return { service: 'rolesanywhere', method, path, contentType: 'application/json', body: JSON.stringify(body) };
}

function iam(action: string, parameters: Readonly<Record<string, string>>): Question {
  return { service: 'iam', method: 'POST', path: '/', contentType: formType, body: formOf('iam', action, parameters) };
}

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Seconds, as a profile's mark: each is another than the last. */
const newMark = (random: Seeded) => String(900 + random.below(42_000));

async function create(turn: Turn): Promise<void> {
  const { random, account, ledger, mine, prefix, number, serial } = turn;
  const kind = random.pick(['profile', 'role'] as const);
  const mark = kind === 'profile' ? newMark(random) : 'new';
  const name = `${prefix}-${number}-${serial}`;
  const thing: Thing = { kind, name, deeds: [{ mark }] };
  ledger.things.push(thing);
  const profile = { name, roleArns: [account.arns.roleArn], durationSeconds: Number(mark), enabled: true };
  const { requestId, body } = await asked(
    turn,
    kind === 'profile'
      ? rest('POST', '/profiles', profile)
      : iam('CreateRole', { RoleName: name, Description: mark, AssumeRolePolicyDocument: trustPolicy }),
  );
  if (kind === 'profile') thing.id = JSON.parse(body).profile.profileId;
  told(thing, requestId);
  mine.push(thing);
}

async function update(turn: Turn): Promise<void> {
  const { random, mine } = turn;
  if (mine.length === 0) return create(turn);
  const thing = random.pick(mine);
  const mark = newMark(random);
  thing.deeds.push({ mark });
  const { requestId } = await asked(
    turn,
    thing.kind === 'profile'
      ? rest('PATCH', `/profile/${thing.id}`, { durationSeconds: Number(mark) })
      : iam('UpdateRole', { RoleName: thing.name, Description: mark }),
  );
  told(thing, requestId);
}

async function remove(turn: Turn): Promise<void> {
  const { random, mine } = turn;
  if (mine.length === 0) return create(turn);
  const [thing] = mine.splice(random.below(mine.length), 1);
  if (thing === undefined) return;
  thing.deeds.push({ mark: undefined });
  const { requestId } = await asked(
    turn,
    thing.kind === 'profile' ? rest('DELETE', `/profile/${thing.id}`) : iam('DeleteRole', { RoleName: thing.name }),
  );
  told(thing, requestId);
}

function told({ deeds }: Thing, requestId: string): void {
  const last = deeds.at(-1);
  if (last !== undefined) last.requestId = requestId;
}

async function createSession({ url, account, ledger, random, talk }: Turn): Promise<void> {
  const { arns, pki, leaves } = account;
  const { requestId, body } = await talk(sessionRequest(url, arns, pki, random.pick(leaves), new Date()));
  const [{ credentials }] = JSON.parse(body).credentialSet;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  ledger.issued.push({ operation: 'CreateSession', requestId, accessKeyId, secretAccessKey, sessionToken });
}

async function assume(turn: Turn): Promise<void> {
  const { account, ledger } = turn;
  const { requestId, body } = await asked(turn, assumeRole(account.assumableArn));
  const { sessionToken = '', ...key } = keyIn(body);
  ledger.issued.push({ operation: 'AssumeRole', requestId, ...key, sessionToken });
}

/** Uses credentials of any age: a restart must not make them worthless. */
async function use(turn: Turn): Promise<void> {
  const { random, ledger } = turn;
  if (ledger.issued.length === 0) return createSession(turn);
  const key: Issued = random.pick(ledger.issued);
  await asked(
    turn,
    { service: 'sts', method: 'POST', path: '/', contentType: formType, body: formOf('sts', 'GetCallerIdentity') },
    key,
  );
}

/** Each is drawn as often as it stands here. */
const acts: readonly Act[] = [
  createSession,
  createSession,
  createSession,
  assume,
  create,
  create,
  update,
  update,
  remove,
  use,
];
