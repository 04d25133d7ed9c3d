// GetAccessKeyInfo: whose key is it? The account alone, never the user.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
import { optional, pattern, required, string, structure } from '../../contract/shape.ts';
import { accountOfKeyId } from '../../core/session/credentials.ts';
import { operation } from '../call.ts';
import { accessKeys, accounts } from '../iam/records.ts';
import { invalid } from './errors.ts';

export const GetAccessKeyInfo = operation({
  doc: 'Tells the account that an access key belongs to.',
  effect: 'read',
  errors: [],
  input: structure({
    AccessKeyId: required(string({ min: 16, max: 128, pattern: pattern('[\\w]*') }), { doc: 'The access key id.' }),
  }),
  output: structure({ Account: optional(string(), { doc: 'The account.' }) }),
  access: () => [{ resource: '*' }],
  // AWS reads the account off the id. Ours: of an id that holds none, that of the record; and only accounts that are here.
  run: ({ AccessKeyId: id }, call) =>
    call.read(async (reader) => {
      const account = (await accessKeys.get(reader, id))?.account ?? accountOfKeyId(id) ?? '';
      if (account === '' || (await accounts.get(reader, account)) === undefined) {
        throw invalid(`Invalid Access Key ID: ${id}`);
      }
      return { Account: account };
    }),
});
