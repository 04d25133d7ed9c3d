// The flags that say who asks for which session, stated once for every command that takes them and for the file of
// bindings. Names, defaults and meanings are the official credential helper's; what is ours stands at the end of a group.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigError } from '../config.ts';

/** What a flag takes: `switch` nothing, `file` a path or a PKCS #11 URI, relative to the file of bindings where it stands there. */
type Kind = 'text' | 'file' | 'integer' | 'switch';

type Row = { readonly kind: Kind; readonly form?: string; readonly doc: string };

const certificate = {
  certificate: {
    kind: 'file',
    form: '<file|uri>',
    doc: 'PEM, DER or PKCS #12 file, with its chain or key where they stand there; or a pkcs11: URI',
  },
  'pkcs11-lib': { kind: 'file', form: '<file>', doc: 'PKCS #11 module (default: p11-kit-proxy)' },
} as const satisfies Readonly<Record<string, Row>>;

const identity = {
  ...certificate,
  'private-key': {
    kind: 'file',
    form: '<file|uri>',
    doc: 'PEM or DER file or pkcs11: URI; absent: it is where the certificate is',
  },
  'pkcs8-password': { kind: 'text', form: '<password>', doc: 'of an encrypted key or PKCS #12 file' },
  'reuse-pin': { kind: 'switch', doc: 'give the PIN again where a PKCS #11 key asks at each use' },
} as const satisfies Readonly<Record<string, Row>>;

const session = {
  intermediates: { kind: 'file', form: '<file>', doc: 'PEM file of the intermediate certificates' },
  'role-arn': { kind: 'text', form: '<arn>', doc: 'role to assume' },
  'profile-arn': { kind: 'text', form: '<arn>', doc: 'profile that lists the role' },
  'trust-anchor-arn': { kind: 'text', form: '<arn>', doc: 'trust anchor that vouches for the certificate' },
  'session-duration': { kind: 'integer', form: '<seconds>', doc: 'how long the session lasts (default: 3600)' },
  'role-session-name': { kind: 'text', form: '<name>', doc: 'name of the session, where the profile accepts one' },
  region: { kind: 'text', form: '<region>', doc: "where to sign and send (default: the trust anchor's)" },
  endpoint: { kind: 'text', form: '<url>', doc: 'in the place of the Region’s endpoint' },
  'no-verify-ssl': { kind: 'switch', doc: "do not check the server's certificate" },
  'with-proxy': { kind: 'switch', doc: 'accepted; HTTPS_PROXY and NO_PROXY are honoured without it' },
} as const satisfies Readonly<Record<string, Row>>;

const flags = { ...identity, ...session };

/** A flag of a binding. */
export type FlagName = keyof typeof flags;

/** What is given for each flag: by the command line, else by the binding of the file. Paths of the file are absolute. */
export type Given = { readonly [Name in FlagName]?: ValueOf<(typeof flags)[Name]['kind']> };

type ValueOf<K extends Kind> = K extends 'integer' ? number : K extends 'switch' ? true : string;

const groups = { certificate, identity, session } as const;

/**
 * Flags of the official helper that are not served, each with the reason. They are known, so that the refusal says more
 * than that they are unknown. All that the official helper lets nobody combine involves one of them.
 */
const refused = {
  'cert-selector': ['<selector>', 'the certificate stores of Windows and macOS are not read; give --certificate'],
  'system-store-name': ['<name>', 'the certificate stores of Windows are not read; give --certificate'],
  'system-store-location': ['<location>', 'the certificate stores of Windows are not read; give --certificate'],
  'use-latest-expiring-certificate': [undefined, 'it chooses in a certificate store, and none is read'],
  'tpm-key-password': ['<password>', 'keys in a TPM are used through its PKCS #11 module; give a pkcs11: URI'],
  'no-tpm-key-password': [undefined, 'keys in a TPM are used through its PKCS #11 module; give a pkcs11: URI'],
} as const;

/** Adds the flags of these groups, `--config` and `--binding`, and those that are refused. Read them with {@link givenFlags}. */
export function bindingFlags(command: Command, ...names: readonly (keyof typeof groups)[]): Command {
  for (const name of names)
    for (const [flag, row] of Object.entries(groups[name])) command.addOption(optionOf(flag, row));
  command
    .option('--config <file>', 'JSON file of bindings: flags by their names, under names of their own')
    .option('--binding <name>', 'which one; the flags given beside it win');
  for (const [flag, [form]] of Object.entries(refused)) {
    command.addOption(new Option(`--${flag}${form === undefined ? '' : ` ${form}`}`).hideHelp());
  }
  return command.allowExcessArguments(false).exitOverride();
}

function optionOf(flag: string, { form, doc }: Row): Option {
  return new Option(`--${flag}${form === undefined ? '' : ` ${form}`}`, doc);
}

/** What the flags of the command and the binding that it names give. Throws ConfigError, also for a flag that is refused. */
export function givenFlags(command: Command): Given {
  for (const [flag, [, reason]] of Object.entries(refused)) {
    if (isGiven(command, flag)) throw new ConfigError(`--${flag} is not supported: ${reason}`);
  }
  const all: Record<string, unknown> = { ...boundFlags(command) };
  for (const [flag, row] of Object.entries(flags)) {
    const value = isGiven(command, flag) && given(command, flag);
    if (value !== false) all[flag] = checked(`--${flag}`, row.kind, value);
  }
  // Each value was checked against the kind of its row.
  return all as Given;
}

function isGiven(command: Command, flag: string): boolean {
  const option = command.options.find(({ long }) => long === `--${flag}`);
  if (option === undefined || command.getOptionValueSource(option.attributeName()) !== 'cli') return false;
  // `--no-x` and `--x` share an attribute.
  return (command.getOptionValue(option.attributeName()) === false) === option.negate;
}

function given(command: Command, flag: string): unknown {
  const option = command.options.find(({ long }) => long === `--${flag}`);
  return option === undefined || option.negate || command.getOptionValue(option.attributeName());
}

function checked(name: string, kind: Kind, value: unknown): string | number | true {
  switch (kind) {
    case 'switch':
      if (value === true) return true;
      throw new ConfigError(`${name}: expected true`);
    case 'integer': {
      if (!/^\d{1,9}$/.test(String(value))) throw new ConfigError(`${name} \`${value}\`: expected a whole number`);
      return Number(value);
    }
    case 'text':
    case 'file':
      if (typeof value === 'string' && value !== '') return value;
      throw new ConfigError(`${name}: expected a text that is not empty`);
  }
}

function boundFlags(command: Command): Readonly<Record<string, unknown>> {
  const { config, binding } = command.opts<{ config?: string; binding?: string }>();
  if (config === undefined && binding === undefined) return {};
  if (config === undefined) throw new ConfigError(`--binding \`${binding}\` is given without --config`);
  return checkedBinding(config, binding);
}

/** What one binding of the file gives, by its name. Throws ConfigError. */
export function givenOfBinding(config: string, binding: string): Given {
  // Each value was checked against the kind of its row.
  return checkedBinding(config, binding) as Given;
}

function checkedBinding(config: string, binding: string | undefined): Readonly<Record<string, unknown>> {
  const { name, members } = chosen(config, binding);
  const entries = Object.entries(members).map(([flag, value]) => {
    const place = `--config \`${config}\`: binding \`${name}\`: \`${flag}\``;
    if (!isFlag(flag)) throw new ConfigError(unknownFlag(place, flag));
    const { kind } = flags[flag];
    const text = checked(place, kind, value);
    const isPath = kind === 'file' && typeof text === 'string' && !text.startsWith('pkcs11:');
    return [flag, isPath ? resolve(dirname(config), text) : text];
  });
  return Object.fromEntries(entries);
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(flags, name);
}

function unknownFlag(place: string, flag: string): string {
  // Just asked whether it has that key.
  const [, reason] = Object.hasOwn(refused, flag) ? refused[flag as keyof typeof refused] : [];
  if (reason !== undefined) return `${place} is not supported: ${reason}`;
  return `${place} is unknown: expected some of ${Object.keys(flags).join(', ')}`;
}

/** The binding of this name, or the only one. */
function chosen(config: string, binding: string | undefined) {
  const bindings = bindingsOf(config);
  const names = Object.keys(bindings);
  const name = binding ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) {
    throw new ConfigError(
      `--config \`${config}\`: give --binding with one of ${names.join(', ') || 'none, it is empty'}`,
    );
  }
  const members = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  if (members === undefined) {
    throw new ConfigError(`--binding \`${name}\`: \`${config}\` has ${names.join(', ') || 'none'}`);
  }
  return { name, members: asObject(members, `--config \`${config}\`: binding \`${name}\``) };
}

function bindingsOf(config: string): Readonly<Record<string, unknown>> {
  const place = `--config \`${config}\``;
  const root = asObject(jsonOf(config, place), place);
  const unknown = Object.keys(root).find((key) => key !== 'bindings');
  if (unknown !== undefined) throw new ConfigError(`${place}: \`${unknown}\` is unknown: expected bindings`);
  return asObject(root.bindings, `${place}: bindings`);
}

function jsonOf(config: string, place: string): unknown {
  try {
    return JSON.parse(readFileSync(config, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ConfigError(`${place}: expected JSON (${cause.message})`);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`${place}: expected a readable file (${code})`);
  }
}

function asObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${place}: expected an object`);
  }
  // An object that JSON.parse made has string keys.
  return value as Readonly<Record<string, unknown>>;
}
