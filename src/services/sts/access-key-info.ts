// GetAccessKeyInfo: whose key is it? The account alone, never the user.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
import { optional, pattern, required, string, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { accessKeys } from '../iam/records.ts';
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
  // Ours: a permanent key of any account here. AWS reads the account off the id itself; ids here hold none, so that a
  // session's key, which has no record, is as unknown as one that never was.
  run: ({ AccessKeyId: id }, call) =>
    call.read(async (reader) => {
      const key = await accessKeys.get(reader, id);
      if (key === undefined) throw invalid(`Invalid Access Key ID: ${id}`);
      return { Account: key.account };
    }),
});
