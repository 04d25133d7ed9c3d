// STS as a service: its modules, and what AWS's STS has besides.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import { awsOperations } from './aws-operations.ts';
import * as callerIdentity from './caller-identity.ts';

export const sts = service<Call>({
  name: 'sts',
  protocol: 'query',
  version: '2011-06-15',
  xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  modules: [callerIdentity],
  awsOperations,
});
