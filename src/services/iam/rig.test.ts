// What the tests of this folder share: signed Query calls over the whole road in memory, nested parameters in, answers
// read by their paths out. Holds no test itself.
import { makeCa } from '../../../test/pki.ts';
import { account, type Keys, type Answer as RoadAnswer, testRoad } from '../../../test/road.ts';
import { encodeClaims, type RoleClaims } from '../../core/session/claims.ts';
import { nonceBytes, seal } from '../../keyring.ts';
import { ensureAccount } from '../../root-account.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { purposes } from '../call.ts';
import { defaultSettings, type Quotas } from '../settings.ts';

export { account };

type Parameters = { readonly [name: string]: unknown };

export type Answer = {
  readonly status: number;
  /** The error's, or undefined. */
  readonly code: string | undefined;
  readonly message: string;
  readonly body: string;
  /** The text at the path below the result, `Role.Tags.member.Key`; undefined when there is no such element. */
  text(path: string): string | undefined;
  /** The texts of all elements at the path. */
  texts(path: string): readonly string[];
  /** The names of the elements below the path. */
  names(path: string): readonly string[];
};

export type Rig = {
  query(action: string, parameters?: Parameters, keys?: Keys, region?: string): Promise<Answer>;
  /** A trust anchor in a Region; gives its ARN. */
  trustAnchor(region: string): Promise<string>;
  /** The whole form, as a client writes it. */
  form(body: string): Promise<Answer>;
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  write<T>(work: (writer: Writer) => Promise<T>): Promise<T>;
  /** Keys of a session of a role, which has the rights of the role's inline policies. */
  session(roleName: string, roleId: string): Promise<Keys>;
  /** What was logged, and every audit event, as text. */
  traces(): Promise<string>;
  /** Writes the last uses that were noted. */
  used(): Promise<void>;
  /** Moves the clock. */
  at(instant: string): Promise<void>;
  /** The root keys of another account on the same server. */
  stranger(): Promise<Keys>;
};

/** A server with one empty account; its root asks where no other keys are given. */
export function rig(service: 'iam' | 'sts' = 'iam', quotas: Partial<Quotas> = {}): Rig {
  const ready = testRoad({ settings: { ...defaultSettings, quotas: { ...defaultSettings.quotas, ...quotas } } });
  return {
    async query(action, parameters = {}, keys, region) {
      const road = await ready;
      const options = { keys, ...(region === undefined ? {} : { region }) };
      return answerOf(await road.query(service, action, Object.fromEntries(pairs('', parameters)), options));
    },
    async trustAnchor(region) {
      const road = await ready;
      const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: makeCa().pem } };
      const answer = await road.rest('POST', '/trustanchors', { name: 'A', enabled: true, source }, { region });
      return answer.json().trustAnchor.trustAnchorArn;
    },
    async form(body) {
      const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
      const road = await ready;
      return answerOf(
        await road.send(service, { method: 'POST', path: '/', rawQuery: '', headers, body: Buffer.from(body) }),
      );
    },
    read: async (work) => (await ready).store.read(work),
    write: async (work) => (await ready).store.write(work),
    async session(roleName, roleId) {
      const { world, now } = await ready;
      const claims = claimsOf(roleName, roleId, now().getTime() / 1000);
      const nonce = world.randomBytes(nonceBytes);
      const token = seal(world.keyring, purposes.sessionToken, encodeClaims(claims), nonce);
      return { ...claims, sessionToken: Buffer.from(token).toString('base64') };
    },
    async traces() {
      const road = await ready;
      return JSON.stringify([road.logged, await road.events()]);
    },
    async at(instant) {
      (await ready).at(instant);
    },
    used: async () => (await ready).world.lastUses.flush(),
    async stranger() {
      const { world, now } = await ready;
      const rootKey = { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 'stranger'.repeat(5) };
      await ensureAccount({ ...world, now: now() }, { accountId: '999988887777', rootKey });
      return rootKey;
    },
  };
}

function claimsOf(roleName: string, roleId: string, issuedAt: number): RoleClaims {
  return {
    version: 2,
    kind: 'role',
    accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'secretsecretsecretsecretsecretsecretsecr',
    account,
    partition: 'aws',
    roleArn: `arn:aws:iam::${account}:role/${roleName}`,
    roleName,
    roleId,
    roleSessionName: 's1',
    tags: {},
    transitiveTagKeys: [],
    policies: [],
    managedPolicyArns: [],
    issuedAt,
    expiresAt: issuedAt + 3600,
    issuedBy: 'sts:AssumeRole',
  };
}

function pairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => pairs(`${name}.member.${index + 1}`, item));
  if (typeof value !== 'object' || value === null) return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => pairs(name === '' ? key : `${name}.${key}`, inner));
}

type Element = { readonly name: string; text: string; readonly children: Element[] };

function answerOf({ status, body, code, message = '' }: RoadAnswer): Answer {
  const document = elements(body);
  const result = document.children.find(({ name }) => name.endsWith('Result')) ?? document;
  const find = (path: string) =>
    path
      .split('.')
      .filter((name) => name !== '')
      .reduce<readonly Element[]>(
        (from, name) => from.flatMap(({ children }) => children.filter((child) => child.name === name)),
        [result],
      );
  const texts = (path: string) => find(path).map(({ text }) => text);
  return {
    status,
    code,
    message,
    body,
    texts,
    text: (path) => texts(path)[0],
    names: (path) => find(path).flatMap(({ children }) => children.map(({ name }) => name)),
  };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#xD': '\r' };

/** The document's element; a reader for XML as the protocol writes it, without attributes but the namespace. */
function elements(xml: string): Element {
  const top: Element = { name: '', text: '', children: [] };
  const open = [top];
  for (const [, closing, name = '', empty, text = ''] of xml.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>([^<]*)/g)) {
    if (closing) {
      open.pop();
      continue;
    }
    const element: Element = { name, text: '', children: [] };
    open.at(-1)?.children.push(element);
    if (empty) continue;
    element.text = text.replace(/&([#\w]+);/g, (_, entity) => entities[entity] ?? '?');
    open.push(element);
  }
  const [document] = top.children;
  if (document === undefined) throw new Error(`no XML: ${xml}`);
  return document;
}

/** A trust policy for EC2, as JSON text. */
export const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** An identity policy of one Allow, as JSON text. */
export function allow(action: string | readonly string[], resource: string | readonly string[] = '*'): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: action, Resource: resource } });
}
