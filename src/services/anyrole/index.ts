// What the operator of a server may ask of it that AWS has no operation for: signed, authorized and recorded as all calls are.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import * as crlSources from './crl-sources.ts';
import * as expiringCertificates from './expiring-certificates.ts';
import * as explanations from './explanations.ts';
import * as revocationPolicies from './revocation-policies.ts';

export const anyrole = service<Call>({
  name: 'anyrole',
  protocol: 'rest-json',
  version: '2026-11-25',
  modules: [expiringCertificates, crlSources, revocationPolicies, explanations],
  // Not `anyrole.amazonaws.com`: AWS has no such service.
  eventSource: 'anyrole',
});
