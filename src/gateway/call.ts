// Makes the world an operation sees. A change is recorded here, in the transaction that makes it.
import type { Operation, Service } from '../contract/operation.ts';
import { nonceBytes, open, seal, sealText } from '../keyring.ts';
import { partitionOf } from '../services/arn.ts';
import { type Call, type Caller, isSigner } from '../services/call.ts';
import { accounts } from '../services/iam/records.ts';
import type { Reader, Writer } from '../store/store.ts';
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

/**
 * The account that is spoken to: the signer's; where nobody of an account signed, the one that the request names. Empty
 * when there is no such account: a stranger's word must not become a key of the store.
 */
async function accountOf(world: World, { operation, caller, input }: Known): Promise<string> {
  if (isSigner(caller)) return caller.account;
  const named = operation.accountOf?.(input) ?? '';
  const { knownAccounts } = world.knowledge;
  if (named === '' || knownAccounts.has(named)) return named;
  const exists = await world.store.read((reader) => accounts.get(reader, named));
  if (exists === undefined) return '';
  knownAccounts.add(named);
  return named;
}

export async function callOf(world: World, visit: Visit, known: Known): Promise<Call> {
  const { operation, caller, region } = known;
  const account = await accountOf(world, known);
  visit.account = account;
  const write = async <T extends object>(work: (writer: Writer) => Promise<T>): Promise<T> => {
    // INVARIANT: a write operation writes once; its event and its change are one transaction.
    if (operation.effect !== 'write' || visit.recorded) throw new Error(`${operation.name} may not write here`);
    // INVARIANT: what nobody signed writes after its proof was believed: no stranger uses up the rate.
    if (!isSigner(caller)) admit(world, visit.protocol, operation.name, { account, region });
    const output = await world.store.write(async (writer) => {
      const answer = await work(writer);
      await world.auditChain.append(writer, entriesOf(world, visit, answer));
      return answer;
    });
    visit.recorded = true;
    return output;
  };
  return {
    caller,
    account,
    partition: partitionOf(region),
    region,
    requestId: visit.requestId,
    now: visit.startedAt,
    origin: visit.origin,
    settings: world.settings,
    newId: () => world.newId(),
    randomBytes: (size) => world.randomBytes(size),
    sealed: (purpose, plaintext) => seal(world.keyring, purpose, plaintext, world.randomBytes(nonceBytes)),
    sealedText: (purpose, text) => sealText(world.keyring, purpose, text, () => world.randomBytes(nonceBytes)),
    opened: (purpose, sealed) => open(world.keyring, purpose, sealed),
    policyOf: world.knowledge.policyOf,
    certificatesOf: world.knowledge.certificatesOf,
    crlOf: world.knowledge.crlOf,
    fetchedCrls: world.fetchedCrls,
    validatePath: world.knowledge.validatePath,
    issuers: world.issuers,
    shareEventWith(other) {
      if (other !== account) visit.sharedWith = other;
    },
    eventOf: (requestId) => eventOf(world, account, requestId),
    explain: (reason) => visit.explanations.push(reason),
    read: <T>(work: (reader: Reader) => Promise<T>) => world.store.read(work),
    write,
    async writeRefusal(refusal, work) {
      visit.error = refusal;
      await write(async (writer) => {
        await work(writer);
        return {};
      });
      throw refusal;
    },
  };
}
