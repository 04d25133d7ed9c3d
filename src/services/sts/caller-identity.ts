// Who am I? The first question of every client.
import { commonError } from '../../contract/error.ts';
import { optional, string, structure } from '../../contract/shape.ts';
import { isSigner, operation } from '../call.ts';

export const GetCallerIdentity = operation({
  doc: 'Tells the caller who signed the request.',
  effect: 'read',
  errors: [],
  input: structure({}),
  output: structure({
    UserId: optional(string(), {
      doc: 'The account id of a root, the unique id of a user, `AROA…:SESSION` of a session, `ACCOUNT:NAME` of a federated user.',
    }),
    Account: optional(string(), { doc: 'The account of the caller.' }),
    Arn: optional(string({ min: 20, max: 2048 }), { doc: 'The ARN of the caller.' }),
  }),
  // AWS doc: no permission is needed, and an explicit deny does not hinder: a denial would say as much as the answer.
  access: () => [],
  run(_input, { caller }) {
    if (!isSigner(caller)) {
      throw commonError('missingAuthentication', 'query', 'Request is missing Authentication Token');
    }
    return { UserId: caller.userId, Account: caller.account, Arn: caller.arn };
  },
});
