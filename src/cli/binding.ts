// The flags of a binding → what the client library takes: an identity, and a session that it may ask for.

import { RolesAnywhereError } from '../client/errors.ts';
import type { IdentityOptions, RolesAnywhereOptions, Signer } from '../client/options.ts';
import {
  type Pkcs11Options,
  type Pkcs11Signer,
  pkcs11Certificate,
  pkcs11Signer,
  uriOfKeyBeside,
} from '../client/pkcs11.ts';
import { isPkcs11Uri } from '../client/pkcs11-uri.ts';
import { ConfigError } from '../config.ts';
import { askSecret, hasTerminal } from './ask-secret.ts';
import type { FlagName, Given } from './binding-flags.ts';

/** Who asks. Throws ConfigError where a flag is missing or names a key that is not served. */
export function identityOptions(given: Given): IdentityOptions {
  const certificate = needed(given, 'certificate');
  const password = given['pkcs8-password'];
  return {
    certificate: isPkcs11Uri(certificate)
      ? async () => (await pkcs11Certificate(certificate, pkcs11Options(given))).der
      : certificate,
    ...privateKey(given, certificate),
    ...(given.intermediates !== undefined && { intermediates: given.intermediates }),
    ...(password !== undefined && { password }),
  };
}

/** The identity and the session. Throws ConfigError. */
export function sessionOptions(given: Given): RolesAnywhereOptions {
  const { 'session-duration': durationSeconds, 'role-session-name': roleSessionName, region, endpoint } = given;
  return {
    ...identityOptions(given),
    trustAnchorArn: needed(given, 'trust-anchor-arn'),
    profileArn: needed(given, 'profile-arn'),
    roleArn: needed(given, 'role-arn'),
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(roleSessionName !== undefined && { roleSessionName }),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(given['no-verify-ssl'] && { verifySsl: false }),
  };
}

/** For tokens: the module, and who is asked for a PIN. */
export function pkcs11Options(given: Given): Pkcs11Options {
  const { 'pkcs11-lib': lib, 'reuse-pin': reusePin } = given;
  return {
    ...(lib !== undefined && { lib }),
    ...(reusePin && { reusePin }),
    ...(hasTerminal() && { askPin: askSecret }),
  };
}

/** The result of `work`; where a password is missing and a person sits there, it is asked for, once. `purpose` says what for. */
export async function askingForPassword<Options extends IdentityOptions, T>(
  options: Options,
  work: (options: Options) => Promise<T>,
  purpose = 'password of the private key',
): Promise<T> {
  try {
    return await work(options);
  } catch (error) {
    const isMissing = error instanceof RolesAnywhereError && error.code === 'PasswordMissing';
    if (!isMissing || options.password !== undefined || !hasTerminal()) throw error;
    return work({ ...options, password: await askSecret(purpose) });
  }
}

function needed(given: Given, name: FlagName & ('certificate' | `${string}-arn`)): string {
  const value = given[name];
  if (value !== undefined) return value;
  throw new ConfigError(`--${name} is missing: give it, or a binding of --config that has it`);
}

function privateKey(given: Given, certificate: string): Pick<IdentityOptions, 'privateKey'> {
  const { 'private-key': key } = given;
  // The official helper's form of a persistent handle.
  if (key?.startsWith('handle:')) {
    throw new ConfigError(
      `--private-key \`${key}\` is not supported: keys in a TPM are used through its PKCS #11 module; give a pkcs11: URI`,
    );
  }
  if (key !== undefined) return { privateKey: isPkcs11Uri(key) ? pkcs11Signer(key, onePin(given)) : key };
  return isPkcs11Uri(certificate) ? { privateKey: signerBeside(certificate, given) } : {};
}

/** Signs with the key that has the certificate's id, on the same token. */
function signerBeside(certificate: string, given: Given): Pkcs11Signer {
  const options = onePin(given);
  const beside = async () => {
    const { id } = await pkcs11Certificate(certificate, options);
    return pkcs11Signer(uriOfKeyBeside(certificate, id), options);
  };
  const sign: Signer['sign'] = async (algorithm, data) => (await beside()).sign(algorithm, data);
  return { sign, signHashed: async (hash, data) => (await beside()).signHashed(hash, data) };
}

/** A person is asked for the token's PIN once, however often it signs. */
function onePin(given: Given): Pkcs11Options {
  const options = pkcs11Options(given);
  const { askPin } = options;
  if (askPin === undefined) return options;
  const asked = new Map<string, Promise<string>>();
  return {
    ...options,
    askPin(purpose) {
      const answer = asked.get(purpose) ?? askPin(purpose);
      asked.set(purpose, answer);
      return answer;
    },
  };
}
