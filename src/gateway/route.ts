// Which service is spoken to, in which protocol, and which of its operations is asked for.
import { type CommonError, commonError, type ProtocolName, type ServiceError } from '../contract/error.ts';
import type { Operation, Service } from '../contract/operation.ts';
import { rememberOf } from '../core/remember.ts';
import type { ParseResult } from '../core/signature/hmac.ts';
import { type Labels, percentDecoded, textOf, type WireRequest } from '../protocols/protocol.ts';
import { parameters } from '../protocols/query-xml.ts';
import type { Call } from '../services/call.ts';

export type Services = ReadonlyMap<string, Service<Call>>;

/** Whom the request speaks to: known before anything can fail, so that every failure is answered in the right words. */
export type Addressee = {
  readonly protocol: ProtocolName;
  readonly xmlNamespace: string;
  /** Undefined when the signature names a service that is not served. */
  readonly service: Service<Call> | undefined;
};

export type Route = { readonly operation: Operation<Call>; readonly labels: Labels };

/** The addressee: the service of the signature's scope; without a readable one, the service whose form the request has. */
export function addressee(services: Services, request: WireRequest, signature: ParseResult): Addressee {
  const named = signature.ok ? services.get(signature.signature.service) : undefined;
  const likely = named ?? lookalike(byProtocol(services), request);
  return {
    protocol: likely?.protocol ?? 'rest-json',
    xmlNamespace: likely?.xmlNamespace ?? '',
    service: signature.ok ? named : likely,
  };
}

type ByProtocol = { readonly rest: Service<Call> | undefined; readonly query: readonly Service<Call>[] };

const byProtocol = rememberOf((services: Services): ByProtocol => {
  const all = [...services.values()];
  return {
    rest: all.find(({ protocol }) => protocol === 'rest-json'),
    query: all.filter(({ protocol }) => protocol === 'query'),
  };
});

function lookalike({ rest, query }: ByProtocol, request: WireRequest): Service<Call> | undefined {
  if (request.path !== '/') return rest;
  const version = /(?:^|&)Version=([\d-]{10})(?:&|$)/.exec(`${request.rawQuery}&${textOf(request.body) ?? ''}`)?.[1];
  return query.find((service) => service.version === version) ?? query[0];
}

/** The operation asked for; throws the protocol's error when there is none, or when it is known and not served. */
export function route(service: Service<Call>, request: WireRequest): Route {
  return service.protocol === 'query' ? byAction(service, request) : byPath(service, request);
}

function byAction(service: Service<Call>, request: WireRequest): Route {
  const refuse = (kind: CommonError, message: string): ServiceError => commonError(kind, 'query', message);
  if (request.path !== '/' || !['GET', 'POST'].includes(request.method)) {
    throw refuse('unknownOperation', 'The action or operation requested is invalid.');
  }
  const asked = parameters(request);
  const action = asked.get('Action') ?? '';
  if (action === '') throw refuse('missingAction', 'The request must contain the parameter Action.');
  const version = asked.get('Version') ?? '';
  const operation = version === service.version ? service.operations.get(action) : undefined;
  if (operation !== undefined) return { operation, labels: noLabels };
  if (version === service.version && service.unserved.has(action)) {
    throw refuse('notServed', `${action} is not served here.`);
  }
  // AWS seen: the sentence, for a wrong action and for a wrong version.
  const name = `${action.slice(0, 100)} for version ${version.slice(0, 20)}`;
  throw refuse('unknownOperation', `Could not find operation ${name}`);
}

function byPath(service: Service<Call>, request: WireRequest): Route {
  const parts = request.path.slice(1).split('/', 16);
  for (const operation of tableOf(service).get(placeOf(request.method, parts.length)) ?? []) {
    const labels = labelsOf(operation, parts);
    if (labels !== undefined) return { operation, labels };
  }
  throw commonError('unknownOperation', 'rest-json', 'The requested operation does not exist.');
}

/** Operations by method and count of segments, in their order. */
const tableOf = rememberOf(({ operations }: Service<Call>) => {
  const table = new Map<string, Operation<Call>[]>();
  for (const operation of operations.values()) {
    const { address } = operation;
    if (address === undefined) continue;
    const place = placeOf(address.method, address.segments.length);
    table.set(place, [...(table.get(place) ?? []), operation]);
  }
  return table;
});

const placeOf = (method: string, segments: number): string => `${method} ${segments}`;

const noLabels: Labels = Object.freeze({});

/** Of as many parts as the template has segments. */
function labelsOf({ address }: Operation<Call>, parts: readonly string[]): Labels | undefined {
  let labels: Record<string, string> | undefined;
  let index = 0;
  for (const segment of address?.segments ?? []) {
    const part = parts[index++] ?? '';
    if ('literal' in segment) {
      if (segment.literal !== part) return undefined;
    } else {
      const text = percentDecoded(part);
      if (text === undefined) return undefined;
      labels ??= {};
      labels[segment.label] = text;
    }
  }
  return labels ?? noLabels;
}
