// Whether a data directory keeps what was promised: every change that was acknowledged is there and none is there in halves,
// every credential that a client saw has its audit event, the events tell the very state that is there, and their chain is
// whole.
import assert from 'node:assert/strict';
import type { Finding } from '../../src/audit/findings.ts';
import { verifyDirectory } from '../../src/audit-directory.ts';
import { type RoleRecord, roles } from '../../src/services/iam/records.ts';
import { type Collection, collection } from '../../src/services/records.ts';
import { type ProfileRecord, profiles, subjects } from '../../src/services/rolesanywhere/records.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import type { Document, Reader, Store } from '../../src/store/store.ts';
import { auditCollection } from '../../src/telemetry/audit.ts';
import { type Ledger, possibleMarks } from './ledger.ts';

/** What was found, besides that all is well. */
export type Found = {
  readonly events: number;
  /** Changes that nobody was told of and that are there, whole. */
  readonly unacknowledged: number;
};

/** An audit event, as far as it is looked at. */
type Event = {
  readonly eventID: string;
  readonly eventName: string;
  readonly requestID: string;
  readonly errorCode?: string;
  readonly requestParameters: { readonly [member: string]: unknown } | null;
  readonly responseElements: { readonly [member: string]: unknown } | null;
};

/**
 * Opens the directory as a server would and holds it against the ledger; `acknowledged` says which answers came. Throws
 * AssertionError for the first promise that is broken. Leaves the directory changed: give it a copy.
 */
export async function judge(
  dataDir: string,
  ledger: Ledger,
  acknowledged: (requestId: string) => boolean,
): Promise<Found> {
  const found = await judgeDocuments(dataDir, ledger, acknowledged);
  await judgeChain(dataDir);
  return found;
}

async function judgeDocuments(
  dataDir: string,
  ledger: Ledger,
  acknowledged: (requestId: string) => boolean,
): Promise<Found> {
  const store = sqliteStore({ path: dataDir });
  try {
    const events = (await contents(store, auditCollection)) as readonly unknown[] as readonly Event[]; // written by audit.ts
    const state = await stateOf(store);
    judgeCredentials(events, ledger, acknowledged);
    assert.deepEqual(stateTold(events), state, 'the events tell the state');
    await judgeSubjects(store, events);
    return { events: events.length, unacknowledged: judgeThings(state, ledger, acknowledged) };
  } finally {
    await store.close();
  }
}

/** As `anyrole audit verify` judges the directory. */
async function judgeChain(dataDir: string): Promise<void> {
  const findings: Finding[] = [];
  const { chains, unchained } = await verifyDirectory(dataDir, { report: (finding) => void findings.push(finding) });
  assert.deepEqual(findings, [], 'the chain of events is whole');
  assert.deepEqual([chains.length, chains[0]?.isHeadChecked, unchained], [1, true, 0]);
}

function judgeCredentials(events: readonly Event[], { issued }: Ledger, acknowledged: (id: string) => boolean): void {
  const byRequest = new Map(events.map((event) => [event.requestID, event]));
  assert.equal(new Set(events.map(({ eventID }) => eventID)).size, events.length, 'no event is there twice');
  for (const { operation, requestId, accessKeyId } of issued) {
    if (!acknowledged(requestId)) continue;
    const event = byRequest.get(requestId);
    assert.ok(event, `${operation} ${requestId}: credentials without an event`);
    assert.deepEqual([event.eventName, event.errorCode], [operation, undefined], requestId);
    assert.ok(JSON.stringify(event.responseElements).includes(`"${accessKeyId}"`), `${requestId}: another key`);
  }
}

/** Every thing has a mark that it may have; nothing is there that nobody asked for. Counts what nobody was told of. */
function judgeThings(state: State, { things }: Ledger, acknowledged: (id: string) => boolean): number {
  const left = new Map(state);
  let unacknowledged = 0;
  for (const thing of things) {
    const key = `${thing.kind} ${thing.name}`;
    const marks = possibleMarks(thing, acknowledged);
    assert.ok(marks.includes(left.get(key)), `${key}: ${left.get(key)} is there, expected ${marks.join(' or ')}`);
    if (marks.length > 1 && left.get(key) !== marks[0]) unacknowledged++;
    left.delete(key);
  }
  for (const key of left.keys()) assert.match(key, preparedThings, 'there is a thing that no client asked for');
  return unacknowledged;
}

/** What bench/account.ts makes before the first round. */
const preparedThings = /^(role|profile) bench/i;

/** Marks by kind and name. */
type State = ReadonlyMap<string, string>;

async function stateOf(store: Store): Promise<State> {
  const kept = (await contents(store, profiles.name)) as readonly ProfileRecord[]; // the collection's own records
  const named = (await contents(store, roles.name)) as readonly RoleRecord[]; // likewise
  const own = named.filter(({ path }) => !path.startsWith('/aws-service-role/'));
  await judgeCount(store, profiles, kept.length);
  await judgeCount(store, roles, named.length);
  return sorted([
    ...kept.map(({ name, durationSeconds }) => [`profile ${name}`, String(durationSeconds)] as const),
    ...own.map(({ roleName, description }) => [`role ${roleName}`, description ?? ''] as const),
  ]);
}

/** The count that quotas go by is the number of records. */
async function judgeCount<T extends Document>(store: Store, of: Collection<T>, expected: number): Promise<void> {
  const counts = await store.read((reader) => collection<{ readonly count: number }>('counts').list(reader, all));
  const count = counts.find(({ key }) => key.endsWith(`/${of.name}`))?.document.count ?? 0;
  // A role that a service made for itself is no role of the account's quota.
  assert.equal(count, expected, `${of.name}: the count and the records`);
}

/** The state that the events tell, from nothing on. They ascend with time. */
function stateTold(events: readonly Event[]): State {
  const state = new Map<string, string>();
  const names = new Map<string, string>();
  for (const event of events) {
    const change = event.errorCode === undefined ? changeTold(event, names) : undefined;
    if (change === undefined) continue;
    const { key, isNew, mark } = change;
    assert.equal(state.has(key), !isNew, `${event.eventName} of ${key}: the events tell the state`);
    if (mark === undefined) state.delete(key);
    else state.set(key, mark);
  }
  return sorted([...state]);
}

type Change = { readonly key: string; readonly isNew: boolean; readonly mark: string | undefined };

/** What an event tells of a profile or a role. `names`: those of profiles by id, as far as the events told them. */
function changeTold(event: Event, names: Map<string, string>): Change | undefined {
  const { eventName, requestParameters, responseElements } = event;
  const { profileId, RoleName, durationSeconds, Description } = Object(requestParameters);
  const profile = { key: `profile ${names.get(profileId)}`, isNew: false };
  const role = { key: `role ${RoleName}`, isNew: false };
  const created = Object(responseElements?.profile);
  switch (eventName) {
    case 'CreateProfile':
      names.set(created.profileId, created.name);
      return { key: `profile ${created.name}`, isNew: true, mark: String(created.durationSeconds) };
    case 'UpdateProfile':
      return { ...profile, mark: String(durationSeconds) };
    case 'DeleteProfile':
      return { ...profile, mark: undefined };
    case 'CreateRole':
      return { ...role, isNew: true, mark: Description ?? '' };
    case 'UpdateRole':
      return { ...role, mark: Description ?? '' };
    case 'DeleteRole':
      return { ...role, mark: undefined };
  }
  return undefined;
}

function sorted(entries: readonly (readonly [string, string])[]): State {
  return new Map(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Whoever got a session is known as a subject. */
async function judgeSubjects(store: Store, events: readonly Event[]): Promise<void> {
  const known = new Set(
    ((await contents(store, subjects.name)) as readonly { readonly arn: string }[]).map(({ arn }) => arn),
  );
  for (const { eventName, responseElements } of events) {
    const arn = eventName === 'CreateSession' && responseElements?.subjectArn;
    if (arn) assert.ok(known.has(String(arn)), `${arn}: a session without its subject`);
  }
}

const all = { prefix: '', limit: 1000 };

/** Every document of a collection, ascending by key. */
function contents(store: Store, name: string): Promise<readonly Document[]> {
  return store.read(async (reader: Reader) => {
    const documents: Document[] = [];
    for (let after: string | undefined; ; ) {
      const page = await reader.list(name, { ...all, ...(after === undefined ? {} : { after }) });
      documents.push(...page.map(({ document }) => document));
      if (page.length < all.limit) return documents;
      after = page.at(-1)?.key;
    }
  });
}
