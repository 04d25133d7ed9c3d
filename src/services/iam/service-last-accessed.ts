// Reports of which services users, groups, roles and policies let be used, and when they last were. A report is made when it
// is asked for and kept for a week.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
import { integer, list, oneOf, optional, required, string, structure, timestamp } from '../../contract/shape.ts';
import { grantsSomeOf } from '../../core/policy/grants.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { countOf, deleteCounted, putCounted } from '../counts.ts';
import { collection } from '../records.ts';
import { reportedAccess } from './access.ts';
import { ofWholeAccount } from './account-aliases.ts';
import { ofAccount, serviceUses, under } from './documents.ts';
import type { Entity, EntityKind } from './entities.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { type ListedPage, sliced } from './pages.ts';
import { actorsOf, documentsOf, type Reported, reportedOf } from './reported.ts';
import { entityTypes } from './service-access-policies.ts';
import {
  Arn,
  ExistingUserName,
  Id,
  Path,
  PolicyOwnerEntity,
  pageMembers,
  pageOutput,
  ServiceNamespace,
} from './shapes.ts';

/** The services whose use is noted, those that are served, with AWS's names; in the order of their prefixes. */
export const trackedServices: readonly (readonly [namespace: string, name: string])[] = [
  ['anyrole', 'Anyrole'],
  ['iam', 'AWS Identity and Access Management'],
  ['rolesanywhere', 'AWS Identity and Access Management Roles Anywhere'],
  ['sts', 'AWS Security Token Service'],
];

/** A user or role in a report, and when it used each service. */
type Actor = Pick<Entity, 'arn' | 'name' | 'id' | 'path'> & {
  readonly kind: EntityKind;
  readonly uses: { readonly [namespace: string]: { readonly at: string; readonly region: string } };
};

/** A report as it was made. */
type JobRecord = {
  readonly jobId: string;
  /** ISO 8601 text. */
  readonly createdAt: string;
  /** Prefixes of the services that may be used. */
  readonly services: readonly string[];
  /** Null: there are too many, and the job failed. */
  readonly actors: readonly Actor[] | null;
};

/** By account and job id, which ascends with time. */
const jobs = collection<JobRecord>('iam/service-last-accessed-jobs');

/** Ours: users and roles of a report at most, and how long it is kept; AWS's are not known. */
const maxActors = 5_000;
const keptDays = 7;
/** Reports of an account that are kept at most; the eldest makes room. */
const maxJobs = 1_000;

export const GenerateServiceLastAccessedDetails = operation({
  doc: 'Makes a report of the services that a user, group, role or policy lets be used, and of their last use.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    Arn: required(Arn, { doc: 'The ARN of the user, group, role or managed policy.' }),
    Granularity: optional(oneOf('SERVICE_LEVEL', 'ACTION_LEVEL'), { doc: 'What is told. Absent: services.' }),
  }),
  output: structure({ JobId: optional(string({ min: 36, max: 36 }), { doc: 'What the report is got by.' }) }),
  access: (input) => [reportedAccess(input.Arn)],
  async run({ Arn: arn, Granularity: granularity }, call) {
    // Ours: nothing is kept of actions, and what is asked for is not left out in silence.
    if (granularity === 'ACTION_LEVEL') throw InvalidInput('The use of single actions is not tracked.');
    const made = await call.read(async (reader) => reportOn(reader, call, await reportedOf(reader, call, arn)));
    const jobId = call.newId();
    return call.write(async (writer) => {
      await forgetOld(writer, call);
      const job = { jobId, createdAt: call.now.toISOString(), ...made };
      await putCounted(writer, jobs, ofAccount(call.account), jobId, job);
      return { JobId: jobId };
    });
  },
});

const jobId = { JobId: required(string({ min: 36, max: 36 }), { doc: 'What the report was asked for by.' }) };
const jobOutput = {
  JobStatus: required(oneOf('IN_PROGRESS', 'COMPLETED', 'FAILED'), { doc: 'How it went.' }),
  JobCreationDate: required(timestamp, { doc: 'When the report was asked for.' }),
  JobCompletionDate: required(timestamp, { doc: 'When it was made.' }),
  Error: optional(
    structure({
      Message: required(string(), { doc: 'Why it failed, in words.' }),
      Code: required(string(), { doc: 'Why it failed.' }),
    }),
    { doc: 'Why it failed; absent where it did not.' },
  ),
};

const TrackedAction = structure({
  ActionName: optional(string(), { doc: 'The action.' }),
  LastAccessedEntity: optional(Arn, { doc: 'Who last tried it.' }),
  LastAccessedTime: optional(timestamp, { doc: 'When.' }),
  LastAccessedRegion: optional(string(), { doc: 'Where.' }),
});
const ServiceLastAccessed = structure({
  ServiceName: required(string(), { doc: 'The name of the service.' }),
  LastAuthenticated: optional(timestamp, { doc: 'When it was last used; absent where it was not.' }),
  ServiceNamespace: required(ServiceNamespace, { doc: 'The prefix of its actions.' }),
  LastAuthenticatedEntity: optional(Arn, { doc: 'Who last used it.' }),
  LastAuthenticatedRegion: optional(string(), { doc: 'Where it was last used.' }),
  TotalAuthenticatedEntities: optional(integer(), { doc: 'How many users and roles used it.' }),
  TrackedActionsLastAccessed: optional(list(TrackedAction), { doc: 'Single actions; never there.' }),
});

export const GetServiceLastAccessedDetails = operation({
  doc: 'Gets a report: the services that may be used, and their last use.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...jobId, ...pageMembers }),
  output: structure({
    ...jobOutput,
    JobType: optional(oneOf('SERVICE_LEVEL', 'ACTION_LEVEL'), { doc: 'What is told: services.' }),
    ServicesLastAccessed: required(list(ServiceLastAccessed), { doc: 'The services, in the order of their prefixes.' }),
    ...pageOutput,
  }),
  access: ofWholeAccount,
  async run({ JobId: id, ...asked }, call) {
    const job = await call.read((reader) => foundJob(reader, call, id));
    const listed: ListedPage<string> = sliced(
      call,
      `services of ${id}`,
      job.actors === null ? [] : job.services,
      asked,
    );
    const { records, shown } = listed;
    return {
      ...shownJob(job),
      JobType: 'SERVICE_LEVEL' as const,
      ServicesLastAccessed: records.map((namespace) => shownService(namespace, job.actors ?? [])),
      ...shown,
    };
  },
});

const EntityDetails = structure({
  EntityInfo: required(
    structure({
      Arn: required(Arn, { doc: 'The ARN.' }),
      Name: required(ExistingUserName, { doc: 'The name.' }),
      Type: required(PolicyOwnerEntity, { doc: 'USER or ROLE.' }),
      Id: required(Id, { doc: 'The unique id.' }),
      Path: optional(Path, { doc: 'The path.' }),
    }),
    { doc: 'The user or role.' },
  ),
  LastAuthenticated: optional(timestamp, { doc: 'When it last used the service; absent where it did not.' }),
});

export const GetServiceLastAccessedDetailsWithEntities = operation({
  doc: 'Gets of a report the users and roles that may use a service, those that used it last first.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    ...jobId,
    ServiceNamespace: required(ServiceNamespace, { doc: 'The prefix of the service.' }),
    ...pageMembers,
  }),
  output: structure({
    ...jobOutput,
    EntityDetailsList: required(list(EntityDetails), { doc: 'The users and roles.' }),
    ...pageOutput,
  }),
  access: ofWholeAccount,
  async run({ JobId: id, ServiceNamespace: namespace, ...asked }, call) {
    const job = await call.read((reader) => foundJob(reader, call, id));
    // Ours: the sentence.
    if (!job.services.includes(namespace)) throw InvalidInput(`The report has no service ${namespace}.`);
    const { records, shown } = sliced(call, `${namespace} of ${id}`, usersOf(namespace, job.actors ?? []), asked);
    return { ...shownJob(job), EntityDetailsList: records.map((actor) => shownActor(namespace, actor)), ...shown };
  },
});

/** What a report has of its subject, in one snapshot. */
async function reportOn(
  reader: Reader,
  call: Call,
  reported: Reported,
): Promise<Pick<JobRecord, 'services' | 'actors'>> {
  const documents = await documentsOf(reader, call, reported);
  const policies = documents.map((document) => call.policyOf(document, 'identity'));
  const services = trackedServices
    .map(([namespace]) => namespace)
    .filter((namespace) => policies.some((policy) => grantsSomeOf(policy, namespace)));
  const acting = await actorsOf(reader, call, reported, maxActors);
  if (acting === undefined) return { services, actors: null };
  const actors: Actor[] = [];
  for (const { kind, arn, name, id, path } of acting) {
    actors.push({ kind, arn, name, id, path, uses: await usesOf(reader, call.account, id) });
  }
  return { services, actors };
}

async function usesOf(reader: Reader, account: string, id: string): Promise<Actor['uses']> {
  const place = under(account, id);
  const entries = await serviceUses.list(reader, { prefix: place, limit: 100 });
  return Object.fromEntries(entries.map(({ key, document: record }) => [key.slice(place.length), record]));
}

/** Deletes what is old or too many, some at a time: each new report takes along at most ten. */
async function forgetOld(writer: Writer, { account, now }: Call): Promise<void> {
  const place = ofAccount(account);
  const before = new Date(now.getTime() - keptDays * 86_400_000).toISOString();
  const excess = (await countOf(writer, jobs, place)) + 1 - maxJobs;
  for (const [index, { document: record }] of (await jobs.list(writer, { prefix: place, limit: 10 })).entries()) {
    if (index < excess || record.createdAt < before) await deleteCounted(writer, jobs, place, record.jobId);
  }
}

/** The report, or NoSuchEntity. Ours: the sentence. */
async function foundJob(reader: Reader, { account, now }: Call, id: string): Promise<JobRecord> {
  const job = await jobs.get(reader, ofAccount(account) + id);
  if (job === undefined || now.getTime() - Date.parse(job.createdAt) >= keptDays * 86_400_000) {
    throw NoSuchEntity(`The job ${id} cannot be found.`);
  }
  return job;
}

function shownJob({ createdAt, actors }: JobRecord) {
  const at = new Date(createdAt);
  const shown = { JobCreationDate: at, JobCompletionDate: at };
  if (actors !== null) return { JobStatus: 'COMPLETED' as const, ...shown };
  const Message = `A report has at most ${maxActors} users and roles.`;
  return { JobStatus: 'FAILED' as const, ...shown, Error: { Message, Code: 'TooManyEntities' } };
}

/** Those that used the service first, the latest first; then the others. */
function usersOf(namespace: string, actors: readonly Actor[]): readonly Actor[] {
  const at = ({ uses }: Actor) => uses[namespace]?.at ?? '';
  return actors.toSorted((one, other) => (at(one) === at(other) ? 0 : at(one) > at(other) ? -1 : 1));
}

function shownService(namespace: string, actors: readonly Actor[]) {
  const used = usersOf(namespace, actors).filter(({ uses }) => uses[namespace] !== undefined);
  const [last] = used;
  const use = last?.uses[namespace];
  return {
    ServiceName: trackedServices.find(([tracked]) => tracked === namespace)?.[1] ?? namespace,
    ServiceNamespace: namespace,
    ...(use && { LastAuthenticated: new Date(use.at), LastAuthenticatedRegion: use.region }),
    ...(last && { LastAuthenticatedEntity: last.arn }),
    TotalAuthenticatedEntities: used.length,
  };
}

function shownActor(namespace: string, { kind, arn, name, id, path, uses }: Actor) {
  const use = uses[namespace];
  return {
    EntityInfo: { Arn: arn, Name: name, Type: entityTypes[kind], Id: id, Path: path },
    ...(use && { LastAuthenticated: new Date(use.at) }),
  };
}
