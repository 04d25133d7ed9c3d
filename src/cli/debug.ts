// What `--debug` writes to standard error: who asks whom for what. No key, password, PIN, token or secret is ever in it; the
// official helper's prints the answer with the credentials.
import { homeOf } from '../client/arns.ts';
import { endpointOf } from '../client/endpoint.ts';
import { loadIdentity, subjectOf } from '../client/identity.ts';
import type { IdentityOptions, RolesAnywhereOptions } from '../client/options.ts';
import { worldOf } from '../client/world.ts';
import type { Environment } from '../config.ts';
import { askingForPassword } from './binding.ts';

/** Tells the certificate and, for a session, where it is asked for. Throws RolesAnywhereError where the identity cannot be read. */
export async function tellIdentity(options: IdentityOptions | RolesAnywhereOptions, environment: Environment) {
  if ('roleArn' in options) {
    const { url, region } = endpointOf(options, homeOf(options), environment);
    tell('endpoint', `${url.protocol}//${url.host}${url.pathname}, Region ${region}`);
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

function tell(what: string, text: string): void {
  process.stderr.write(`anyrole: debug: ${what}: ${text}\n`);
}
