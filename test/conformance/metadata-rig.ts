// What the tests of `anyrole metadata` share: how it is started before a server, and how its documents are asked for.
import { type Running, start } from '../command.ts';
import type { ConformanceServer, LeafFiles } from './server.ts';
import type { Resources } from './session-resources.ts';

/** The flags of a binding. */
export function flagsOf(server: { readonly url: string }, leaf: LeafFiles, resources: Resources): readonly string[] {
  return Object.entries(bindingOf(server, leaf, resources)).flatMap(([name, value]) => [`--${name}`, value]);
}

/** The members of a binding in a file of bindings. */
export function bindingOf({ url }: { readonly url: string }, leaf: LeafFiles, resources: Resources) {
  return {
    certificate: leaf.certificatePath,
    'private-key': leaf.privateKeyPath,
    endpoint: url,
    'role-arn': resources.roleArn,
    'profile-arn': resources.profileArn,
    'trust-anchor-arn': resources.trustAnchorArn,
  };
}

/** Milliseconds for all the tests that one process serves. */
const patienceMs = 300_000;

export type Metadata = { readonly child: Running; readonly url: string; readonly metricsUrl: string };

/** Starts it at a port of its own; rejects with what it said where it ends. */
export async function startMetadata(
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Metadata> {
  const child = start(['metadata', '--port', '0', ...flags], environment, process.execPath, patienceMs);
  const [, url = ''] = await child.printed(/metadata on (\S+)\n/);
  if (!flags.includes('--metrics-listen')) return { child, url, metricsUrl: '' };
  const [, metricsUrl = ''] = await child.printed(/metrics on (\S+)\n/);
  return { child, url, metricsUrl };
}

/** Asks it to end, and gives what it said meanwhile. */
export async function stopMetadata({ child }: Metadata) {
  child.process.kill('SIGTERM');
  return child.ended;
}

export const securityCredentials = '/latest/meta-data/iam/security-credentials/';

/** Asks for a token and then for the document, as SDKs do. */
export async function documentAt(url: string, path: string) {
  const put = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } };
  const token = await (await fetch(`${url}/latest/api/token`, put)).text();
  const answer = await fetch(url + path, { headers: { 'x-aws-ec2-metadata-token': token } });
  return { status: answer.status, text: await answer.text() };
}

/** The environment of a client without any key of its own, before the server. */
export function bareEnvironment(server: ConformanceServer, more: Readonly<Record<string, string>>) {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = server.environment;
  return { ...rest, ...more };
}
