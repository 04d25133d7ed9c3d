// `anyrole quickstart`: from nothing to credentials that a certificate earned, in one command. The server runs in this
// process; everything else is asked of it over HTTP, as any client would. For demonstration: loopback only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type AccessKey, sendWithCertificate, sendWithKey, xmlText } from '../client/send.ts';
import { ConfigError, type Environment, type Flags, isLoopback, readConfig } from '../config.ts';
import { type RunningServer, startServer } from '../main.ts';
import { jsonLog } from '../telemetry/log.ts';
import { type DemonstrationPki, demonstrationPki } from './demonstration-pki.ts';
import { askedToStop } from './stopping.ts';

/** What an earlier run made. */
type Made = {
  readonly accountId: string;
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
};

type Session = AccessKey & { readonly sessionToken: string; readonly expiration: string };

const region = 'us-east-1';
const roleName = 'AnyroleQuickstart';

/** Resolves after a signal, or with `once` after the proof. Throws ConfigError, and AnswerError where the server refuses. */
export async function quickstart(flags: Flags & { readonly once?: boolean }, environment: Environment): Promise<void> {
  const config = readConfig(flags, environment);
  if (!isLoopback(config.host)) {
    throw new ConfigError(
      `--listen \`${flags.listen}\`: quickstart demonstrates and serves this machine only; use serve`,
    );
  }
  const directory = join(config.dataDir, 'quickstart');
  const stateFile = join(directory, 'quickstart.json');
  const made = existsSync(join(config.dataDir, 'anyrole.db')) ? readMade(stateFile, config.accountId) : undefined;
  const wantsKey = made === undefined && config.rootKey === undefined;
  const log = jsonLog((lines) => void process.stderr.write(lines), { now: Date.now, onlyErrors: true });
  const stop = askedToStop();
  const server = await startServer({ ...config, makeRootKey: wantsKey }, log);
  try {
    step('server', `${server.url}, data in ${config.dataDir}`);
    step('account', server.accountId);
    const pki = await demonstrationPki(directory, new Date());
    step('PKI', `${pki.files.root} issued ${pki.files.leaf}`);
    const resources = made ?? (await make(server, config.rootKey ?? server.newRootKey, pki, stateFile));
    if (made) step('reused', `${made.trustAnchorArn}, ${made.profileArn}, ${made.roleArn}`);
    const session = await createSession(server, pki, resources);
    step('session', `CreateSession signed with the leaf's key: ${session.accessKeyId} until ${session.expiration}`);
    const identity = await callerIdentity(server, session);
    step('identity', 'sts:GetCallerIdentity signed with those credentials:');
    say(`\n${JSON.stringify(identity, null, 2)}\n`);
    tellHowTo(server, pki, resources, session, config.dataDir);
    if (flags.once) {
      await server.close();
      process.exit(0);
    }
    say('Serving until Ctrl-C.\n');
  } catch (cause) {
    await server.close();
    throw cause;
  }
  await stop;
  await server.close();
  process.exit(0);
}

function readMade(path: string, accountId: string | undefined): Made | undefined {
  if (!existsSync(path)) return undefined;
  // This file wrote it; a changed one names resources that the server then refuses by name.
  const made = JSON.parse(readFileSync(path, 'utf8')) as Made;
  return accountId === undefined || accountId === made.accountId ? made : undefined;
}

/** Makes trust anchor, role and profile over the public API, and remembers them. */
async function make(
  server: RunningServer,
  rootKey: AccessKey | undefined,
  pki: DemonstrationPki,
  stateFile: string,
): Promise<Made> {
  if (rootKey === undefined) throw new Error('a server without resources has a root key to make them with');
  if (server.newRootKey) {
    step('root key', 'shown this once, its secret is kept only sealed:');
    say(`               AWS_ACCESS_KEY_ID=${rootKey.accessKeyId}`);
    say(`               AWS_SECRET_ACCESS_KEY=${rootKey.secretAccessKey}`);
  }
  const trustAnchorArn = await createTrustAnchor(server, rootKey, pki);
  step('trust anchor', trustAnchorArn);
  const roleArn = await createRole(server, rootKey, trustAnchorArn);
  step('role', roleArn);
  const profileArn = await createProfile(server, rootKey, roleArn);
  step('profile', profileArn);
  const made = { accountId: server.accountId, trustAnchorArn, profileArn, roleArn };
  mkdirSync(join(stateFile, '..'), { recursive: true });
  writeFileSync(stateFile, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

async function createTrustAnchor(server: RunningServer, key: AccessKey, pki: DemonstrationPki): Promise<string> {
  const sourceData = { x509CertificateData: pki.rootPem };
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData };
  const answer = await rolesAnywhere(server, key, '/trustanchors', { name: 'quickstart', source, enabled: true });
  return answer.trustAnchor.trustAnchorArn;
}

async function createProfile(server: RunningServer, key: AccessKey, roleArn: string): Promise<string> {
  const answer = await rolesAnywhere(server, key, '/profiles', {
    name: 'quickstart',
    roleArns: [roleArn],
    enabled: true,
  });
  return answer.profile.profileArn;
}

/** The role trusts Roles Anywhere for this trust anchor and this organizational unit, and may look around. */
async function createRole(server: RunningServer, key: AccessKey, trustAnchorArn: string): Promise<string> {
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'rolesanywhere.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    Condition: {
      ArnEquals: { 'aws:SourceArn': trustAnchorArn },
      StringEquals: { 'aws:PrincipalTag/x509Subject/OU': 'Quickstart' },
    },
  };
  const looking = {
    Effect: 'Allow',
    Action: ['iam:Get*', 'iam:List*', 'rolesanywhere:Get*', 'rolesanywhere:List*'],
    Resource: '*',
  };
  const name = await unusedRoleName(server, key);
  const answer = await iam(server, key, 'CreateRole', {
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  });
  await iam(server, key, 'PutRolePolicy', {
    RoleName: name,
    PolicyName: 'LookAround',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [looking] }),
  });
  return xmlText(answer, 'Arn') ?? '';
}

/** A run that was cut short may have left a role: the next one takes another name. */
async function unusedRoleName(server: RunningServer, key: AccessKey): Promise<string> {
  const roles = await iam(server, key, 'ListRoles', {});
  const taken = [...roles.matchAll(/<RoleName>([^<]*)</g)].map(([, name]) => name);
  if (!taken.includes(roleName)) return roleName;
  return `${roleName}-${taken.filter((name) => name?.startsWith(roleName)).length + 1}`;
}

async function createSession(server: RunningServer, pki: DemonstrationPki, made: Made): Promise<Session> {
  const { trustAnchorArn, profileArn, roleArn } = made;
  const { leaf, leafKey: privateKey } = pki;
  const text = await sendWithCertificate(
    {
      ...outgoing(server, '/sessions', 'application/json'),
      body: JSON.stringify({ trustAnchorArn, profileArn, roleArn, durationSeconds: 3600 }),
    },
    { certificateDer: leaf.der, serialNumber: leaf.serialNumber, privateKey },
  );
  return JSON.parse(text).credentialSet[0].credentials;
}

async function callerIdentity(server: RunningServer, session: AccessKey) {
  const form = new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' });
  const xml = await query(server, 'sts', session, form);
  return { UserId: xmlText(xml, 'UserId'), Account: xmlText(xml, 'Account'), Arn: xmlText(xml, 'Arn') };
}

async function rolesAnywhere(server: RunningServer, key: AccessKey, path: string, input: object) {
  const request = { ...outgoing(server, path, 'application/json'), body: JSON.stringify(input) };
  return JSON.parse(await sendWithKey(request, 'rolesanywhere', key));
}

function iam(server: RunningServer, key: AccessKey, action: string, parameters: Readonly<Record<string, string>>) {
  return query(server, 'iam', key, new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }));
}

function query(server: RunningServer, service: string, key: AccessKey, form: URLSearchParams): Promise<string> {
  const request = { ...outgoing(server, '/', 'application/x-www-form-urlencoded'), body: form.toString() };
  return sendWithKey(request, service, key);
}

function outgoing(server: RunningServer, path: string, contentType: string) {
  return { endpoint: server.url, method: 'POST', path, contentType, region, now: new Date() };
}

function tellHowTo(server: RunningServer, pki: DemonstrationPki, made: Made, session: Session, dataDir: string): void {
  const { files } = pki;
  say(`These credentials, for the AWS CLI and every AWS SDK:

  export AWS_ENDPOINT_URL=${server.url}
  export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}
  export AWS_ACCESS_KEY_ID=${session.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${session.secretAccessKey}
  export AWS_SESSION_TOKEN=${session.sessionToken}
  aws sts get-caller-identity
  aws iam list-roles

New ones from the same certificate, with AWS's official credential helper:

  aws_signing_helper credential-process --endpoint ${server.url} --region ${region} \\
    --certificate ${shown(files.leaf)} --private-key ${shown(files.leafKey)} \\
    --trust-anchor-arn ${made.trustAnchorArn} \\
    --profile-arn ${made.profileArn} \\
    --role-arn ${made.roleArn}

Files, for demonstration only:

  ${shown(files.root)}  root certificate
  ${shown(files.rootKey)}  its private key
  ${shown(files.leaf)}  leaf certificate
  ${shown(files.leafKey)}  its private key
  ${shown(join(dataDir, 'anyrole.db'))}  the store
  ${shown(join(dataDir, 'keyring.json'))}  the keys that seal secrets and session tokens
  ${shown(join(dataDir, 'audit.json'))}  the name of the audit chain: anyrole audit verify --data-dir ${shown(dataDir)}

Start over with: rm -rf ${shown(dataDir)}
`);
}

function shown(path: string): string {
  const local = relative('.', path);
  return local.startsWith('..') ? path : local;
}

function step(what: string, detail: string): void {
  say(`${what.padEnd(13)}  ${detail}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
