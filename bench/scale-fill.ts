// Fills a data directory as the services would, through the store's own interface: subjects with the certificate that each
// showed, profiles and roles, and the counts that quotas go by.
import { createHash } from 'node:crypto';
import { type RoleRecord, roles } from '../src/services/iam/records.ts';
import { type Collection, collection } from '../src/services/records.ts';
import {
  defaultMappings,
  type ProfileRecord,
  profiles,
  type SubjectRecord,
  subjectCredentials,
  subjects,
} from '../src/services/rolesanywhere/records.ts';
import { sqliteStore } from '../src/store/sqlite.ts';
import type { Document, Store, Writer } from '../src/store/store.ts';
import { region } from './account.ts';

export type Amounts = { readonly subjects: number; readonly profiles: number; readonly roles: number };

/** Records written together, and groups under way together: memory stays small. */
const group = 500;
const groupsTogether = 4;

/** Adds so many records to the directory of a server that does not run. `pem`: of a certificate, no longer than others are. */
export async function fill(dataDir: string, account: string, amounts: Amounts, pem: string): Promise<void> {
  const store = sqliteStore({ path: dataDir });
  const place = `${account}/${region}/`;
  try {
    await inGroups(
      store,
      ascending(amounts.subjects, (n) => idOf('subject', n)),
      async (writer, n) => {
        const record = subjectRecord(account, n);
        const key = place + record.id;
        await subjects.put(writer, key, record);
        const shown = {
          serialNumber: String(10 ** 15 + n),
          issuer: 'CN=Bench Issuing CA,O=Anyrole',
          x509CertificateData: pem,
        };
        await subjectCredentials.put(writer, `${key}/${record.credentials[0]?.key}`, shown);
      },
    );
    await inGroups(
      store,
      ascending(amounts.profiles, (n) => idOf('profile', n)),
      (writer, n) => profiles.put(writer, place + idOf('profile', n), profileRecord(account, n)),
    );
    await inGroups(store, ascending(amounts.roles, roleName), (writer, n) =>
      roles.put(writer, `${account}/${roleName(n).toLowerCase()}`, roleRecord(account, n)),
    );
    await counted(store, place, profiles, amounts.profiles);
    await counted(store, `${account}/`, roles, amounts.roles);
  } finally {
    await store.close();
  }
}

/** Numbers in the order of their keys: a tree that grows at its end is filled many times as fast. */
function ascending(count: number, keyOf: (n: number) => string): readonly number[] {
  const keys = Array.from({ length: count }, (_, n) => keyOf(n));
  return [...keys.keys()].sort((one, other) => ((keys[one] ?? '') < (keys[other] ?? '') ? -1 : 1));
}

async function inGroups(
  store: Store,
  numbers: readonly number[],
  put: (writer: Writer, n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const drain = async () => {
    while (next < numbers.length) {
      const those = numbers.slice(next, next + group);
      next += group;
      await store.write(async (writer) => {
        for (const n of those) await put(writer, n);
      });
    }
  };
  await Promise.all(Array.from({ length: groupsTogether }, drain));
}

async function counted<T extends Document>(
  store: Store,
  place: string,
  of: Collection<T>,
  added: number,
): Promise<void> {
  const counts = collection<{ readonly count: number }>('counts');
  await store.write(async (writer) => {
    const count = (await counts.get(writer, place + of.name))?.count ?? 0;
    await counts.put(writer, place + of.name, { count: count + added });
  });
}

/** The id of the n-th of its kind: a UUID, in no order. */
export function idOf(kind: 'subject' | 'profile', n: number): string {
  const hex = createHash('sha256').update(`${kind} ${n}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function roleName(n: number): string {
  return `Workload-${createHash('sha256').update(`role ${n}`).digest('hex').slice(0, 12)}`;
}

const instant = '2026-01-01T00:00:00.000Z';

function subjectRecord(account: string, n: number): SubjectRecord {
  const id = idOf('subject', n);
  const key = createHash('sha256').update(`certificate ${n}`).digest('hex');
  return {
    id,
    arn: `arn:aws:rolesanywhere:${region}:${account}:subject/${id}`,
    x509Subject: `CN=workload-${n},OU=Bench,O=Anyrole`,
    tags: [],
    credentials: [{ key, seenAt: instant, failed: false }],
    instanceProperties: [],
    createdAt: instant,
    lastSeenAt: instant,
  };
}

function profileRecord(account: string, n: number): ProfileRecord {
  const id = idOf('profile', n);
  return {
    id,
    arn: `arn:aws:rolesanywhere:${region}:${account}:profile/${id}`,
    name: `workload-${n}`,
    requireInstanceProperties: false,
    enabled: true,
    createdBy: `arn:aws:iam::${account}:root`,
    sessionPolicy: null,
    roleArns: [`arn:aws:iam::${account}:role/${roleName(n)}`],
    managedPolicyArns: [],
    durationSeconds: 3600,
    acceptRoleSessionName: false,
    attributeMappings: defaultMappings(),
    tags: [],
    createdAt: instant,
    updatedAt: instant,
  };
}

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

function roleRecord(account: string, n: number): RoleRecord {
  const name = roleName(n);
  return {
    path: '/',
    roleName: name,
    roleId: `AROA${createHash('sha256').update(name).digest('hex').slice(0, 17).toUpperCase()}`,
    arn: `arn:aws:iam::${account}:role/${name}`,
    createDate: instant,
    assumeRolePolicyDocument: trustPolicy,
    description: null,
    maxSessionDuration: 3600,
    permissionsBoundary: null,
    tags: [],
  };
}
