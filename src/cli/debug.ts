// What `--debug` writes to standard error: who asks whom for what. No key, password, PIN, token or secret is ever in it; the
// official helper's prints the answer with the credentials.
import { homeOf } from '../client/arns.ts';
import { endpointOf } from '../client/endpoint.ts';
import { loadIdentity, subjectOf } from '../client/identity.ts';
import type { Answer, Asked } from '../client/metadata/answer.ts';
import type { RoleState } from '../client/metadata/role-state.ts';
import type { IdentityOptions, RolesAnywhereOptions } from '../client/options.ts';
import { proxyFor } from '../client/proxy.ts';
import { worldOf } from '../client/world.ts';
import type { Environment } from '../config.ts';
import { askingForPassword } from './binding.ts';

/** Tells the certificate and, for a session, where it is asked for. Throws RolesAnywhereError where the identity cannot be read. */
export async function tellIdentity(options: IdentityOptions | RolesAnywhereOptions, environment: Environment) {
  if ('roleArn' in options) {
    const { url, region } = endpointOf(options, homeOf(options), environment);
    tell('endpoint', `${url.protocol}//${url.host}${url.pathname}, Region ${region}`);
    const proxy = proxyFor(url, options.proxy, environment);
    if (proxy !== undefined) tell('proxy', proxy.host);
    tell('session', `${options.roleArn} of ${options.profileArn} by ${options.trustAnchorArn}`);
  }
  const { certificate, algorithm, chainDer, privateKey } = await askingForPassword(options, (given) =>
    loadIdentity(given, worldOf()),
  );
  tell('certificate', `${subjectOf(certificate)}, serial number ${certificate.serialNumber}`);
  tell('validity', `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`);
  tell('signer', `${algorithm} by ${privateKey ? 'a key of a file' : 'a PKCS #11 token'}, chain of ${chainDer.length}`);
}

/** Tells when the session ends. */
export function tellSession({ Expiration }: { readonly Expiration: string }): void {
  tell('session', `lasts until ${Expiration}`);
}

/** Tells of a session that a binding of the metadata server has got, or why it has none. */
export function tellRoleState(name: string, state: RoleState): void {
  const what = `binding ${name}`;
  if (state.kind !== 'granted') return tell(what, state.kind);
  const { role, credentials } = state;
  tell(what, `session of ${role.arn}, ${credentials.accessKeyId}, lasts until ${credentials.expiration.toISOString()}`);
}

/** Headers of a request that say who asks and how; none that holds a token. */
const toldHeaders = ['host', 'user-agent', 'x-forwarded-for', 'x-aws-ec2-metadata-token-ttl-seconds'];
/** Headers that hold a token: that one was shown is told, and no more. */
const redactedHeaders = ['x-aws-ec2-metadata-token', 'authorization'];
const maxToldCharacters = 200;

/** Tells of a request to the metadata server and its answer: no token, no query, no body, and one line whatever was sent. */
export function tellRequest({ method, path, headers }: Asked, { status }: Answer): void {
  const shown = (name: string, value: string) => (headers[name] === undefined ? [] : [`${name}: ${value}`]);
  const told = [
    ...toldHeaders.flatMap((name) => shown(name, quoted([headers[name] ?? []].flat().join(', ')))),
    ...redactedHeaders.flatMap((name) => shown(name, '[redacted]')),
  ];
  tell('request', `${method} ${quoted(path)} → ${status}${told.length === 0 ? '' : ` (${told.join('; ')})`}`);
}

/** In JSON's form, letters beyond ASCII too, so that what a client sends writes no line of its own and moves no cursor. */
function quoted(text: string): string {
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text.slice(0, maxToldCharacters)).replace(/[^ -~]/g, escaped);
}

function tell(what: string, text: string): void {
  process.stderr.write(`anyrole: debug: ${what}: ${text}\n`);
}
