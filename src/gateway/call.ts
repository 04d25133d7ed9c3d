// Makes the world an operation sees. A change is recorded here, in the transaction that makes it.
import type { Reason, ServiceError } from '../contract/error.ts';
import type { Operation, Service } from '../contract/operation.ts';
import { nonceBytes, open, seal, sealText } from '../keyring.ts';
import { partitionOf } from '../services/arn.ts';
import { type Call, type Caller, type Findable, isSigner, type Origin } from '../services/call.ts';
import type { FetchedCrls } from '../services/fetched-crls.ts';
import { accounts } from '../services/iam/records.ts';
import type { Settings } from '../services/settings.ts';
import type { Issuers } from '../services/web-identity.ts';
import { type Document, notKnown, type Reader, type Writer } from '../store/store.ts';
import { entriesOf, type Visit } from './record.ts';
import { admit } from './throttle.ts';
import { eventOf } from './trail.ts';
import type { World } from './world.ts';

type Known = {
  readonly service: Service<Call>;
  readonly operation: Operation<Call>;
  readonly caller: Caller;
  readonly region: string;
  readonly input: object;
};

/** The call. A promise only where the account is to be looked up. */
export function callOf(world: World, visit: Visit, known: Known): Call | Promise<Call> {
  const { caller } = known;
  if (isSigner(caller)) return new RoadCall(world, visit, known, caller.account);
  return namedAccount(world, known).then((account): Call => new RoadCall(world, visit, known, account));
}

/**
 * The account that the request names where nobody of an account signed it. Empty when there is no such account: a stranger's
 * word must not become a key of the store.
 */
async function namedAccount(world: World, { operation, input }: Known): Promise<string> {
  const named = operation.accountOf?.(input) ?? '';
  const { knownAccounts } = world.knowledge;
  if (named === '' || knownAccounts.has(named)) return named;
  const exists = await world.store.read((reader) => accounts.get(reader, named));
  if (exists === undefined) return '';
  knownAccounts.add(named);
  return named;
}

/** A class, since there is one for each request: its functions are made once. */
class RoadCall implements Call {
  readonly caller: Caller;
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly requestId: string;
  readonly now: Date;
  readonly origin: Origin;
  readonly settings: Settings;
  readonly policyOf: Call['policyOf'];
  readonly certificatesOf: Call['certificatesOf'];
  readonly crlOf: Call['crlOf'];
  readonly validatePath: Call['validatePath'];
  readonly fetchedCrls: FetchedCrls;
  readonly issuers: Issuers;
  private readonly world: World;
  private readonly visit: Visit;
  private readonly operation: Operation<Call>;

  constructor(world: World, visit: Visit, { operation, caller, region }: Known, account: string) {
    const { knowledge } = world;
    visit.account = account;
    this.caller = caller;
    this.account = account;
    this.partition = partitionOf(region);
    this.region = region;
    this.requestId = visit.requestId;
    this.now = visit.startedAt;
    this.origin = visit.origin;
    this.settings = world.settings;
    this.policyOf = knowledge.policyOf;
    this.certificatesOf = knowledge.certificatesOf;
    this.crlOf = knowledge.crlOf;
    this.validatePath = knowledge.validatePath;
    this.fetchedCrls = world.fetchedCrls;
    this.issuers = world.issuers;
    this.world = world;
    this.visit = visit;
    this.operation = operation;
  }

  newId(): string {
    return this.world.newId();
  }

  randomBytes(size: number): Uint8Array {
    return this.world.randomBytes(size);
  }

  sealed(purpose: string, plaintext: Uint8Array): Buffer {
    return seal(this.world.keyring, purpose, plaintext, this.world.randomBytes(nonceBytes));
  }

  sealedText(purpose: string, text: string): string {
    return sealText(this.world.keyring, purpose, text, () => this.world.randomBytes(nonceBytes));
  }

  opened(purpose: string, sealed: Uint8Array): Uint8Array | undefined {
    return open(this.world.keyring, purpose, sealed);
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.world.store.read(work);
  }

  find<T>(from: Findable<T>, key: string): T | undefined | Promise<T | undefined> {
    const { store } = this.world;
    const known = store.recall === undefined ? notKnown : from.recall(store.recall, key);
    return known === notKnown ? store.read((reader) => from.get(reader, key)) : known;
  }

  async write<T extends object>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const { world, visit, operation, caller } = this;
    // INVARIANT: a write operation writes once; its event and its change are one transaction.
    if (operation.effect !== 'write' || visit.recorded) throw new Error(`${operation.name} may not write here`);
    // INVARIANT: what nobody signed writes after its proof was believed: no stranger uses up the rate.
    if (!isSigner(caller)) admit(world, visit.protocol, operation.name, this);
    const output = await world.store.write(async (writer) => {
      const answer = await work(writer);
      await world.auditChain.append(writer, entriesOf(world, visit, answer));
      return answer;
    });
    visit.recorded = true;
    return output;
  }

  async writeRefusal(refusal: ServiceError, work: (writer: Writer) => Promise<unknown>): Promise<never> {
    this.visit.error = refusal;
    await this.write(async (writer) => {
      await work(writer);
      return {};
    });
    throw refusal;
  }

  shareEventWith(account: string): void {
    if (account !== this.account) this.visit.sharedWith = account;
  }

  eventOf(requestId: string): Promise<Document | undefined> {
    return eventOf(this.world, this.account, requestId);
  }

  explain(reason: Reason): void {
    this.visit.explanations.push(reason);
  }
}
