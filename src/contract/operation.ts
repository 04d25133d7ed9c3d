// An operation is one value: what it takes, gives, needs and does. A service is a name and the operations its files
// export. Nothing else lists operations, routes, actions or errors.
import type { ErrorMaker, ProtocolName } from './error.ts';
import type { AnyStructure, ValueOf } from './shape.ts';

/** One thing the caller must be allowed to do. */
export type Access = {
  /** The ARN it is done to. */
  readonly resource: string;
  /** The IAM action. Absent: the operation's own, `service:Operation`. */
  readonly action?: string;
  /** Condition keys that belong to this request alone, e.g. `iam:PassedToService`; undefined: absent. */
  readonly context?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What the caller reads when no identity-based policy allows it. Absent: the sentence that all actions share. */
  readonly denial?: string;
  /** A policy that holds besides the caller's own, whoever the caller is: its name, and JSON text. Absent: none. */
  readonly besides?: { readonly name: string; readonly document: string };
  /**
   * The trust policy of the role that it is done to, as JSON text: it must allow, and across accounts the caller's own
   * policies as well. Null: there is no such role, which nobody may do anything to. Absent: the resource has no policy.
   */
  readonly trustPolicy?: string | null;
};

export type OperationTraits<I extends AnyStructure, O extends AnyStructure, Call> = {
  /** One sentence for the reference page. */
  readonly doc: string;
  /** `METHOD /path/{label} status`; absent for the Query protocol, where the operation's name is the address. */
  readonly http?: string;
  readonly effect: 'read' | 'write';
  /** What signs the request; `nothing`: its input holds the proof. Absent: an access key (SigV4). */
  readonly signedWith?: 'certificate' | 'nothing';
  /** Validates the input before it asks what the caller may do, so that `access` sees lawful input. Absent: after. */
  readonly validatesFirst?: boolean;
  /** The account that a request without an access key speaks to. Absent: the signer's. */
  accountOf?(input: Partial<ValueOf<I>>): string | undefined;
  readonly errors: readonly ErrorMaker[];
  readonly input: I;
  readonly output: O;
  /**
   * What the caller must be allowed to do; asked before the input is validated, so any member may be missing, except
   * where `validatesFirst`. A promise where the resource's ARN stands in the store only.
   */
  access(input: Partial<ValueOf<I>>, call: Call): readonly Access[] | Promise<readonly Access[]>;
  /**
   * Does it. Throws only its declared errors. A write does all of it in one `call.write`, which returns the output. A promise
   * where it waits for something.
   */
  run(input: ValueOf<I>, call: Call): ValueOf<O> | Promise<ValueOf<O>>;
};

/** An operation with its name and its parsed HTTP address. */
export type Operation<Call> = {
  readonly name: string;
  readonly doc: string;
  readonly address: HttpAddress | undefined;
  readonly effect: 'read' | 'write';
  readonly signedWith: 'accessKey' | 'certificate' | 'nothing';
  readonly validatesFirst: boolean;
  readonly accountOf: ((input: object) => string | undefined) | undefined;
  readonly errors: readonly ErrorMaker[];
  readonly input: AnyStructure;
  readonly output: AnyStructure;
  access(input: object, call: Call): readonly Access[] | Promise<readonly Access[]>;
  run(input: object, call: Call): object | Promise<object>;
};

/** `segments` of the path template; a label is `{name}`. */
export type HttpAddress = {
  readonly method: string;
  readonly segments: readonly ({ readonly literal: string } | { readonly label: string })[];
  readonly status: number;
};

export type ServiceTraits<Call> = {
  /** Signing name and IAM action prefix. */
  readonly name: string;
  readonly protocol: ProtocolName;
  /** API version, `YYYY-MM-DD`. */
  readonly version: string;
  /** XML namespace of the answers; Query protocol only. */
  readonly xmlNamespace?: string;
  /** Modules whose exports with a `run` are this service's operations. */
  readonly modules: readonly object[];
  /**
   * Every operation name that AWS's model lists, so that what is not served is refused by name. Absent: a service that AWS
   * does not have.
   */
  readonly awsOperations?: readonly string[];
  /** Who is named in audit events as their source. Absent: the signing name as AWS writes it, `NAME.amazonaws.com`. */
  readonly eventSource?: string;
  /** Phantom: what operations of this service are called with. */
  readonly call?: Call;
};

export type Service<Call> = {
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly version: string;
  readonly xmlNamespace: string;
  readonly eventSource: string;
  readonly operations: ReadonlyMap<string, Operation<Call>>;
  /** Names in AWS's model that are not served. */
  readonly unserved: ReadonlySet<string>;
};

/** Gives the function that declares operations called with `Call`. */
export function operationsOf<Call>() {
  return <I extends AnyStructure, O extends AnyStructure>(traits: OperationTraits<I, O, Call>) => Object.freeze(traits);
}

/** Collects the exports that have a `run`. Throws at start when a name is exported twice or AWS does not know it. */
export function service<Call>(traits: ServiceTraits<Call>): Service<Call> {
  const { awsOperations } = traits;
  const operations = new Map<string, Operation<Call>>();
  for (const module of traits.modules) {
    for (const [name, exported] of Object.entries(module)) {
      if (!isOperation<Call>(exported)) continue;
      if (operations.has(name)) throw new Error(`operation ${name} is exported twice`);
      if (awsOperations && !awsOperations.includes(name)) throw new Error(`operation ${name} is not in AWS's model`);
      operations.set(name, named(name, exported));
    }
  }
  return Object.freeze({
    name: traits.name,
    protocol: traits.protocol,
    version: traits.version,
    xmlNamespace: traits.xmlNamespace ?? '',
    eventSource: traits.eventSource ?? `${traits.name}.amazonaws.com`,
    operations,
    unserved: new Set(awsOperations?.filter((name) => !operations.has(name))),
  });
}

type AnyTraits<Call> = OperationTraits<AnyStructure, AnyStructure, Call>;

function isOperation<Call>(exported: unknown): exported is AnyTraits<Call> {
  return typeof exported === 'object' && exported !== null && 'run' in exported && 'input' in exported;
}

function named<Call>(name: string, traits: AnyTraits<Call>): Operation<Call> {
  return Object.freeze({
    name,
    doc: traits.doc,
    address: traits.http === undefined ? undefined : address(traits.http),
    effect: traits.effect,
    signedWith: traits.signedWith ?? 'accessKey',
    validatesFirst: traits.validatesFirst ?? false,
    accountOf: traits.accountOf,
    errors: traits.errors,
    input: traits.input,
    output: traits.output,
    access: traits.access,
    run: traits.run,
  });
}

function address(http: string): HttpAddress {
  const [method = '', path = '', status = '200'] = http.split(' ');
  const segments = path
    .slice(1)
    .split('/')
    .map((part) => (part.startsWith('{') ? { label: part.slice(1, -1) } : { literal: part }));
  return Object.freeze({ method, segments, status: Number(status) });
}
