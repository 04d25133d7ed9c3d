// The benchmarks' command line: `npm run bench` for everything that stands beside a goal of the server, or one benchmark and
// some of its cases: `npm run bench -- create-session p256-warm --json`.
import { parseArgs } from 'node:util';
import { auditReport, measureAudit } from './audit.ts';
import { killChildren } from './child.ts';
import { clientCases, clientReport, measureClientCase } from './client.ts';
import { controlPlaneCases } from './control-plane.ts';
import { createSessionCases } from './create-session.ts';
import type { Effort } from './effort.ts';
import { floorCases, measureFloor } from './floor.ts';
import { type Goal, isMet } from './goal.ts';
import { describeMachine, type Machine } from './machine.ts';
import { measureCase } from './measure.ts';
import { measureOverloadCase, overloadCases, overloadReport } from './overload.ts';
import { measurePeer, peerCases } from './peer.ts';
import { measurePolicy, policyReport } from './policy.ts';
import { type Reported, report } from './report.ts';
import { measureScale } from './scale.ts';
import { measureX509Case, x509Cases } from './x509.ts';
import { x509Report } from './x509-report.ts';

type Subcommand = (asked: {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly effort: Effort;
}) => Promise<void>;

const subcommands: Readonly<Record<string, Subcommand>> = {
  'create-session': benchmark('create-session', createSessionCases, measureCase, report),
  'control-plane': benchmark('control-plane', controlPlaneCases, measureCase, report),
  floor: benchmark('floor', floorCases, measureFloor, report),
  peer: benchmark('peer', peerCases, measurePeer, report),
  scale,
  policy,
  audit,
  client: benchmark('client', clientCases, measureClientCase, clientReport),
  overload: benchmark('overload', overloadCases, measureOverloadCase, overloadReport),
  x509: benchmark('x509', x509Cases, measureX509Case, x509Report),
};

const options = {
  json: { type: 'boolean', default: false },
  seconds: { type: 'string' },
  runs: { type: 'string' },
  'warm-up': { type: 'string', default: '15' },
  connections: { type: 'string', default: '16' },
  entries: { type: 'string', default: '1000000' },
  requests: { type: 'string', default: '100000' },
} as const;

/** Many short runs of what takes turns under load, so that a moment's noise falls on few; long ones of what runs alone. */
const usual = { underLoad: { seconds: '2', runs: '7' }, alone: { seconds: '5', runs: '3' } } as const;
const underLoad = ['', 'create-session', 'control-plane', 'floor', 'peer', 'scale'];

/** Something about the command line is wrong; the message is one line. */
class UsageError extends Error {}

process.on('exit', killChildren);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await run(process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`bench: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = thrown instanceof UsageError ? 2 : 1;
}

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parsed(argv);
  const [name = '', ...names] = positionals;
  const subcommand = name === '' ? goals : Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand === undefined) {
    throw new UsageError(`unknown benchmark \`${name}\`: use one of ${Object.keys(subcommands).join(', ')}`);
  }
  const { seconds, runs } = usual[underLoad.includes(name) ? 'underLoad' : 'alone'];
  const effort = {
    seconds: number('seconds', values.seconds ?? seconds, /^\d{1,4}(\.\d{1,3})?$/, 0.1),
    runs: number('runs', values.runs ?? runs, /^\d{1,3}$/, 1),
    warmUp: number('warm-up', values['warm-up'], /^\d{1,4}(\.\d{1,3})?$/, 0.1),
    connections: number('connections', values.connections, /^\d{1,4}$/, 1),
    entries: number('entries', values.entries, /^\d{1,7}$/, 1000),
    requests: number('requests', values.requests, /^\d{1,7}$/, 1),
  };
  await subcommand({ names, json: values.json, effort });
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (cause) {
    // Node adds advice after the first sentence, which says what is wrong.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(message.split(/\.\s/, 1)[0]);
  }
}

function number(flag: string, text: string, form: RegExp, min: number): number {
  const value = Number(text);
  if (!form.test(text) || value < min) {
    throw new UsageError(`--${flag} \`${text}\`: expected a number, at least ${min}`);
  }
  return value;
}

type Judged = { readonly failure?: string; readonly skipped?: string; readonly goals?: readonly Goal[] };

/** The exit status is 1 when one of them has a `failure` or misses a goal. */
function judge(results: readonly Judged[]): void {
  const isGood = ({ failure, skipped, goals: promises = [] }: Judged) =>
    failure === undefined && (skipped !== undefined || promises.every(isMet));
  if (!results.every(isGood)) process.exitCode = 1;
}

/** A table of cases, how one is measured, how all are shown. */
function benchmark<Case extends { readonly title: string }, Result extends Judged>(
  title: string,
  table: Readonly<Record<string, Case>>,
  measure: (asked: Case, effort: Effort) => Promise<Result>,
  show: (machine: Machine, effort: Effort, results: readonly Result[]) => string,
): Subcommand {
  return async ({ names, json, effort }) => {
    const chosen = Object.entries(table).filter(([name]) => names.length === 0 || names.includes(name));
    const unknown = names.find((name) => !Object.hasOwn(table, name));
    if (unknown !== undefined) {
      throw new UsageError(`unknown case \`${unknown}\`: use some of ${Object.keys(table).join(', ')}`);
    }
    const machine = describeMachine();
    const results: (Result & { readonly name: string })[] = [];
    for (const [name, asked] of chosen) {
      if (process.stderr.isTTY) process.stderr.write(`${asked.title} …\n`);
      results.push({ name, ...(await measure(asked, effort)) });
    }
    const text = json
      ? `${JSON.stringify({ benchmark: title, machine, effort, cases: results }, null, 2)}\n`
      : show(machine, effort, results);
    process.stdout.write(text);
    judge(results);
  };
}

async function scale({ names: [surplus], json, effort }: Parameters<Subcommand>[0]): Promise<void> {
  if (surplus !== undefined) throw new UsageError(`unknown case \`${surplus}\`: scale has none`);
  const machine = describeMachine();
  shown('scale', machine, effort, await measureScale(effort), json);
}

function shown(
  title: string,
  machine: Machine,
  effort: Effort,
  results: readonly (Reported & { readonly name: string })[],
  json: boolean,
): void {
  const text = json
    ? `${JSON.stringify({ benchmark: title, machine, effort, cases: results }, null, 2)}\n`
    : report(machine, effort, results);
  process.stdout.write(text);
  judge(results);
}

/** Everything that the server promises of its speed, in one table. */
async function goals({ json, effort }: Parameters<Subcommand>[0]): Promise<void> {
  const machine = describeMachine();
  const results: (Reported & { readonly name: string })[] = [];
  const add = async <Case extends { readonly title: string }>(
    table: Readonly<Record<string, Case>>,
    measure: (asked: Case, effort: Effort) => Promise<Reported>,
  ) => {
    for (const [name, asked] of Object.entries(table)) {
      if (process.stderr.isTTY) process.stderr.write(`${asked.title} …\n`);
      results.push({ name, ...(await measure(asked, effort)) });
    }
  };
  await add(createSessionCases, measureCase);
  await add(controlPlaneCases, measureCase);
  await add(peerCases, measurePeer);
  results.push(...(await measureScale(effort)));
  shown('goals', machine, effort, results, json);
}

async function policy({ names: [surplus], json, effort }: Parameters<Subcommand>[0]): Promise<void> {
  if (surplus !== undefined) throw new UsageError(`unknown case \`${surplus}\`: policy has none`);
  const machine = describeMachine();
  const result = measurePolicy(effort);
  const text = json
    ? `${JSON.stringify({ benchmark: 'policy', machine, effort, ...result }, null, 2)}\n`
    : policyReport(machine, effort, result);
  process.stdout.write(text);
  if (result.broken.length > 0) process.exitCode = 1;
}

async function audit({ names: [surplus], json, effort }: Parameters<Subcommand>[0]): Promise<void> {
  if (surplus !== undefined) throw new UsageError(`unknown case \`${surplus}\`: audit has none`);
  const machine = describeMachine();
  const result = await measureAudit(effort);
  const text = json
    ? `${JSON.stringify({ benchmark: 'audit', machine, effort, ...result }, null, 2)}\n`
    : auditReport(machine, effort, result);
  process.stdout.write(text);
  if (result.broken.length > 0) process.exitCode = 1;
}
