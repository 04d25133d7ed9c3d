// STS as a service: its modules, and what AWS's STS has besides.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import * as accessKeyInfo from './access-key-info.ts';
import * as assumeRole from './assume-role.ts';
import * as authorizationMessage from './authorization-message.ts';
import { awsOperations } from './aws-operations.ts';
import * as callerIdentity from './caller-identity.ts';
import * as federationToken from './federation-token.ts';
import * as sessionToken from './session-token.ts';
import * as webIdentity from './web-identity.ts';

export const sts = service<Call>({
  name: 'sts',
  protocol: 'query',
  version: '2011-06-15',
  xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  modules: [
    callerIdentity,
    assumeRole,
    sessionToken,
    federationToken,
    webIdentity,
    accessKeyInfo,
    authorizationMessage,
  ],
  awsOperations,
});
