// Which service is spoken to, in which protocol, and which of its operations is asked for.
import { type CommonError, commonError, type ProtocolName, type ServiceError } from '../contract/error.ts';
import type { Operation, Service } from '../contract/operation.ts';
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
  const likely = named ?? lookalike(services, request);
  return {
    protocol: likely?.protocol ?? 'rest-json',
    xmlNamespace: likely?.xmlNamespace ?? '',
    service: signature.ok ? named : likely,
  };
}

function lookalike(services: Services, request: WireRequest): Service<Call> | undefined {
  const all = [...services.values()];
  if (request.path !== '/') return all.find(({ protocol }) => protocol === 'rest-json');
  const version = /(?:^|&)Version=([\d-]{10})(?:&|$)/.exec(`${request.rawQuery}&${textOf(request.body) ?? ''}`)?.[1];
  const query = all.filter(({ protocol }) => protocol === 'query');
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
  if (operation !== undefined) return { operation, labels: {} };
  if (version === service.version && service.unserved.has(action)) {
    throw refuse('notServed', `${action} is not served here.`);
  }
  // AWS seen: the sentence, for a wrong action and for a wrong version.
  const name = `${action.slice(0, 100)} for version ${version.slice(0, 20)}`;
  throw refuse('unknownOperation', `Could not find operation ${name}`);
}

function byPath(service: Service<Call>, request: WireRequest): Route {
  const parts = request.path.slice(1).split('/', 16);
  for (const operation of service.operations.values()) {
    const labels = operation.address?.method === request.method ? labelsOf(operation, parts) : undefined;
    if (labels !== undefined) return { operation, labels };
  }
  throw commonError('unknownOperation', 'rest-json', 'The requested operation does not exist.');
}

function labelsOf({ address }: Operation<Call>, parts: readonly string[]): Labels | undefined {
  if (address === undefined || address.segments.length !== parts.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, segment] of address.segments.entries()) {
    const part = parts[index] ?? '';
    if ('literal' in segment) {
      if (segment.literal !== part) return undefined;
    } else {
      const text = percentDecoded(part);
      if (text === undefined) return undefined;
      labels[segment.label] = text;
    }
  }
  return labels;
}
