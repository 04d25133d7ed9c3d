// The credential report: a table of the account's root and users with their passwords and keys, kept for four hours.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
import { blob, oneOf, optional, string, structure, timestamp } from '../../contract/shape.ts';
import { expiryOf } from '../../core/password/verdict.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { countOf } from '../counts.ts';
import { collection } from '../records.ts';
import { keysOf } from './access-keys.ts';
import { ofWholeAccount } from './account-aliases.ts';
import { passwordPolicies } from './account-records.ts';
import { accessKeyUses, accounts, iamArn, ofAccount, type UserRecord, users } from './documents.ts';
import { LimitExceeded, ReportExpired, ReportNotPresent } from './errors.ts';
import { findLoginProfile, lifetimeOf } from './passwords.ts';

/** A report as it was made. */
type ReportRecord = {
  /** ISO 8601 text. */
  readonly generatedAt: string;
  /** CSV. */
  readonly content: string;
};

/** By account. */
const reports = collection<ReportRecord>('iam/credential-reports');

/** AWS doc: a report is made anew where the last one is older. */
const reportHours = 4;
/** Ours: users in a report at most, as it is one record and one answer; AWS's own quota is 5,000 users. */
const maxUsers = 20_000;

export const GenerateCredentialReport = operation({
  doc: 'Makes the credential report, where there is none of the last four hours.',
  effect: 'write',
  errors: [LimitExceeded],
  input: structure({}),
  output: structure({
    State: optional(oneOf('STARTED', 'INPROGRESS', 'COMPLETE'), { doc: 'Whether it was made now, or is there.' }),
    Description: optional(string(), { doc: 'Why it was made; absent where it is there.' }),
  }),
  access: ofWholeAccount,
  async run(_input, call) {
    const made = await call.read(async (reader) => {
      const before = await reports.get(reader, call.account);
      if (before !== undefined && isFresh(call, before)) return undefined;
      return { isFirst: before === undefined, content: await reportOf(call, reader) };
    });
    if (made === undefined) return { State: 'COMPLETE' as const };
    return call.write(async (writer) => {
      await reports.put(writer, call.account, { generatedAt: call.now.toISOString(), content: made.content });
      // AWS seen: the first sentence, in records of clients. Ours: the second.
      const why = made.isFirst ? 'No report exists.' : 'The last report is older than four hours.';
      return { State: 'STARTED' as const, Description: `${why} Starting a new report generation task` };
    });
  },
});

export const GetCredentialReport = operation({
  doc: 'Gets the credential report.',
  effect: 'read',
  errors: [ReportNotPresent, ReportExpired],
  input: structure({}),
  output: structure({
    Content: optional(blob(), { doc: 'The report, as CSV.' }),
    ReportFormat: optional(oneOf('text/csv'), { doc: 'What it is written in.' }),
    GeneratedTime: optional(timestamp, { doc: 'When it was made.' }),
  }),
  access: ofWholeAccount,
  async run(_input, call) {
    const report = await call.read((reader) => reports.get(reader, call.account));
    // AWS seen: 2021-06-28, no sentence at all. Ours: what to do about it.
    if (report === undefined) throw ReportNotPresent('No credential report exists. Call GenerateCredentialReport.');
    if (!isFresh(call, report)) {
      throw ReportExpired('The credential report is older than four hours. Call GenerateCredentialReport.');
    }
    return {
      Content: Buffer.from(report.content),
      ReportFormat: 'text/csv' as const,
      GeneratedTime: new Date(report.generatedAt),
    };
  },
});

function isFresh({ now }: Call, { generatedAt }: ReportRecord): boolean {
  return now.getTime() - Date.parse(generatedAt) < reportHours * 3_600_000;
}

type Row = readonly string[];

/** AWS doc: the columns, in this order. */
const columns: Row = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  ...['access_key_1', 'access_key_2'].flatMap((key) => [
    `${key}_active`,
    `${key}_last_rotated`,
    `${key}_last_used_date`,
    `${key}_last_used_region`,
    `${key}_last_used_service`,
  ]),
  'cert_1_active',
  'cert_1_last_rotated',
  'cert_2_active',
  'cert_2_last_rotated',
];

const none = 'N/A';
const noCertificates: Row = ['false', none, 'false', none];

/** The report in one snapshot: the root first, then the users in the order of their names. */
async function reportOf(call: Call, reader: Reader): Promise<string> {
  const count = await countOf(reader, users, ofAccount(call.account));
  // Ours: the sentence.
  if (count > maxUsers) throw LimitExceeded(`A credential report has at most ${maxUsers} users.`);
  const rows: Row[] = [columns, await rootRow(call, reader)];
  const prefix = ofAccount(call.account);
  const limit = 500;
  for (let after: string | undefined; ; ) {
    const entries = await users.list(reader, { prefix, limit, ...(after === undefined ? {} : { after }) });
    for (const { document: record } of entries) rows.push(await userRow(call, reader, record));
    after = entries.at(-1)?.key;
    if (entries.length < limit) return rows.map(line).join('\n');
  }
}

async function rootRow(call: Call, reader: Reader): Promise<Row> {
  const record = await accounts.get(reader, call.account);
  // AWS doc: `not_supported` of the root's password.
  const password = ['not_supported', none, 'not_supported', 'not_supported'];
  const created = record === undefined ? none : dated(record.createdAt);
  const keys = await keyCells(call, reader, call.account);
  return ['<root_account>', iamArn(call, 'root'), created, ...password, 'false', ...keys, ...noCertificates];
}

async function userRow(call: Call, reader: Reader, user: UserRecord): Promise<Row> {
  const password = await passwordCells(call, reader, user);
  const keys = await keyCells(call, reader, user.userId);
  return [user.userName, user.arn, dated(user.createDate), ...password, 'false', ...keys, ...noCertificates];
}

/** AWS doc: `no_information` of a password that was never used. */
async function passwordCells(call: Call, reader: Reader, user: UserRecord): Promise<Row> {
  const profile = await findLoginProfile(reader, call.account, user.userId);
  if (profile === undefined) return ['false', none, none, none];
  const lifetime = lifetimeOf(await passwordPolicies.get(reader, call.account));
  const expiry = expiryOf(new Date(profile.passwordLastChanged), lifetime);
  return [
    'true',
    user.passwordLastUsed === null ? 'no_information' : dated(user.passwordLastUsed),
    dated(profile.passwordLastChanged),
    expiry === undefined ? none : dated(expiry.toISOString()),
  ];
}

/** The two eldest keys; where the settings let there be more, ListAccessKeys has them. */
async function keyCells({ account }: Call, reader: Reader, userId: string): Promise<Row> {
  const keys = await keysOf(reader, account, { userId });
  const cells = keys.slice(0, 2).map(async ({ accessKeyId, status, createDate }): Promise<Row> => {
    const use = await accessKeyUses.get(reader, accessKeyId);
    const used = use === undefined ? [none, none, none] : [dated(use.at), use.region, use.serviceName];
    return [String(status === 'Active'), dated(createDate), ...used];
  });
  const noKey: Row = ['false', none, none, none, none];
  return [...(await Promise.all(cells)), noKey, noKey].slice(0, 2).flat();
}

/** AWS seen: `2017-06-10T02:43:37+00:00`. */
function dated(instant: string): string {
  return `${instant.slice(0, 19)}+00:00`;
}

/** Spec: RFC 4180 §2, a cell with a comma is quoted; names of users may have commas, and no quotes. */
function line(cells: Row): string {
  return cells.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(',');
}
