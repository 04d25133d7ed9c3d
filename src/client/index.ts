// The library `anyrole/client`: credentials from a certificate, from Anyrole or from AWS.
export type { X509Algorithm } from '../core/signature/algorithms.ts';
export { createSession } from './create-session.ts';
export { type CredentialProvider, type Credentials, credentialsOf, fromRolesAnywhere } from './credentials.ts';
export { type LocalCode, RolesAnywhereError } from './errors.ts';
export { type Identity, loadIdentity } from './identity.ts';
export type {
  ConnectionOptions,
  Content,
  IdentityOptions,
  Material,
  RolesAnywhereOptions,
  SessionOptions,
  Signer,
} from './options.ts';
export { keepSession, type SessionKeeper } from './provider.ts';
export type { Session } from './session.ts';
export type { World } from './world.ts';
