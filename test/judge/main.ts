// The judge: cases as JSON lines on stdin, verdicts as JSON lines on stdout, in the same order. It asks the very functions
// the server uses, so that any outside collection of cases can be scored. A bad case is a verdict, never an exit.
import { crlStatus } from './crl-status.ts';
import { BadFlag, readFlags } from './flags.ts';
import { linesOf } from './lines.ts';
import { policyCheck } from './policy-check.ts';
import { policyEval } from './policy-eval.ts';
import { rawVerify } from './raw-verify.ts';
import { sigv4Verify } from './sigv4-verify.ts';
import { sigv4x509Verify } from './sigv4x509-verify.ts';
import { asObject, BadInput, type JsonObject, type Subcommand, type Verdict } from './subcommand.ts';
import { x509Validate } from './x509-validate.ts';

/** A subcommand as its words on the command line have it; throws what parseArgs throws for words it does not take. */
type Make = (words: readonly string[]) => Subcommand;

const plain =
  (subcommand: Subcommand): Make =>
  (words) => {
    readFlags(words, {});
    return subcommand;
  };

const SUBCOMMANDS: Readonly<Record<string, Make>> = {
  'sigv4-verify': plain(sigv4Verify),
  'sigv4x509-verify': plain(sigv4x509Verify),
  'raw-verify': plain(rawVerify),
  'policy-check': plain(policyCheck),
  'policy-eval': plain(policyEval),
  'x509-validate': (words) => {
    const demands = readFlags(words, { profile: ['rolesanywhere', 'generic'], crl: ['soft', 'hard', 'none'] });
    return (record) => x509Validate(record, demands);
  },
  'crl-status': plain(crlStatus),
};

// Whoever reads the verdicts may stop reading, as `| head` does: then nobody wants the rest.
process.stdout.on('error', () => process.exit(0));

const [name = '', ...words] = process.argv.slice(2);
const subcommand = made(name, words);
if (typeof subcommand === 'string') {
  process.stderr.write(`${subcommand}\n`);
  process.exitCode = 2;
} else await judge(subcommand);

/** The subcommand, or one line that says what is wrong with the words that ask for it. */
function made(name: string, words: readonly string[]): Subcommand | string {
  const make = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (make === undefined) return `unknown subcommand \`${name}\`: use one of ${Object.keys(SUBCOMMANDS).join(', ')}`;
  try {
    return make(words);
  } catch (error) {
    if (error instanceof BadFlag) return `${name}: ${error.message}`;
    throw error;
  }
}

async function judge(subcommand: Subcommand): Promise<void> {
  for await (const line of linesOf(process.stdin)) {
    if (line.trim() === '') continue;
    const started = performance.now();
    const { id, ...verdict } = await judged(subcommand, line);
    const ms = Math.round((performance.now() - started) * 1000) / 1000;
    const written = process.stdout.write(`${JSON.stringify({ id, ...verdict, ms })}\n`);
    if (!written) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

async function judged(subcommand: Subcommand, line: string): Promise<Verdict & { id: unknown }> {
  let object: JsonObject;
  try {
    object = asObject(JSON.parse(line), 'the line');
  } catch (error) {
    return { id: null, ...failure('BadInput', error) };
  }
  try {
    return { id: object.id ?? null, ...(await subcommand(object)) };
  } catch (error) {
    return { id: object.id ?? null, ...failure(error instanceof BadInput ? 'BadInput' : 'InternalFailure', error) };
  }
}

function failure(code: string, error: unknown): Verdict {
  return { result: 'error', code, message: error instanceof Error ? error.message : String(error) };
}
