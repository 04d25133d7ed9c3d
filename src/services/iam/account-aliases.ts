// The alias of an account: its name in the address of the console. An account has one at most.
// AWS doc: https://docs.aws.amazon.com/signin/latest/userguide/CreateAccountAlias.html
import { list, nothing, pattern, required, string, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { aliasOf, isTaken, setAlias } from './account-records.ts';
import { EntityAlreadyExists, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { pageMembers, pageOutput } from './shapes.ts';

const AccountAlias = string({
  min: 3,
  max: 63,
  pattern: pattern('^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$'),
});
const alias = { AccountAlias: required(AccountAlias, { doc: 'The alias: small letters, digits and single hyphens.' }) };

/** AWS doc: the authorization reference knows no resource for actions on the account as a whole. */
export const ofWholeAccount = () => [{ resource: '*' }];

export const CreateAccountAlias = operation({
  doc: 'Gives the account an alias, in the place of the one it had.',
  effect: 'write',
  errors: [EntityAlreadyExists],
  input: structure(alias),
  output: nothing,
  access: ofWholeAccount,
  run: ({ AccountAlias: wanted }, call) =>
    call.write(async (writer) => {
      // AWS seen: 2022-04-03, the sentence. Ours: also where it is the account's own.
      if (await isTaken(writer, wanted)) throw EntityAlreadyExists(`The account alias ${wanted} already exists.`);
      await setAlias(writer, call.account, wanted);
      return {};
    }),
});

export const ListAccountAliases = operation({
  doc: 'Lists the alias of the account: none or one.',
  effect: 'read',
  errors: [],
  input: structure(pageMembers),
  output: structure({ AccountAliases: required(list(AccountAlias), { doc: 'The alias.' }), ...pageOutput }),
  access: ofWholeAccount,
  async run(input, call) {
    const held = await call.read((reader) => aliasOf(reader, call.account));
    const { records, shown } = sliced(call, `aliases of ${call.account}`, held === undefined ? [] : [held], input);
    return { AccountAliases: records, ...shown };
  },
});

export const DeleteAccountAlias = operation({
  doc: "Takes the account's alias away.",
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure(alias),
  output: nothing,
  access: ofWholeAccount,
  run: ({ AccountAlias: named }, call) =>
    call.write(async (writer) => {
      // Ours: the sentence, also for an alias of another account's.
      if ((await aliasOf(writer, call.account)) !== named) {
        throw NoSuchEntity(`The account alias ${named} cannot be found.`);
      }
      await setAlias(writer, call.account, undefined);
      return {};
    }),
});
