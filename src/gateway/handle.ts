// The road each request walks: route, authenticate, parse, admit, authorize, validate, run, respond; and whatever happens
// on it, one record.
import { commonError, type ProtocolName, ServiceError } from '../contract/error.ts';
import type { Service } from '../contract/operation.ts';
import { violations } from '../contract/validate.ts';
import { headerIndex } from '../core/signature/canonical.ts';
import { parseSignature } from '../core/signature/hmac.ts';
import type { Protocol, Refusal, WireRequest, WireResponse } from '../protocols/protocol.ts';
import { queryXml } from '../protocols/query-xml.ts';
import { restJson } from '../protocols/rest-json.ts';
import { type Call, isSigner, type Origin } from '../services/call.ts';
import { StoreUnavailable } from '../store/store.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { callOf } from './call.ts';
import { encodedMessage } from './encoded-message.ts';
import type { Knowledge } from './knowledge.ts';
import type { Question } from './questions.ts';
import { keep, newVisit, tell, type Visit } from './record.ts';
import { type Addressee, addressee } from './route.ts';
import { checkSession } from './session-limits.ts';
import { unknownService } from './signature-errors.ts';
import { admit } from './throttle.ts';
import type { World } from './world.ts';

const protocols: Readonly<Record<ProtocolName, Protocol>> = { 'rest-json': restJson, query: queryXml };

/** Answers one request. Never rejects: what cannot be foreseen is answered as InternalFailure and logged. */
export async function handle(world: World, request: WireRequest, origin: Origin): Promise<WireResponse> {
  const headers = headerIndex(request.headers);
  const signature = parseSignature(request, headers);
  const to = addressee(world.services, request, signature);
  const protocol = protocols[to.protocol];
  // In this order: whoever looks for the event of an id knows that it began no later.
  const startedAt = world.now();
  const visit = newVisit(world.newId(), startedAt, origin, to.protocol);
  let response: WireResponse;
  try {
    const service = served(to);
    const { knowledge, store, keyring } = world;
    const question = knowledge.questions.ask(service, request);
    const { operation, labels, known } = question;
    visit.service = service;
    visit.operation = operation;
    const verifier = { knowledge, store, keyring, now: visit.startedAt };
    const signed = { request, signature, headers, payloadHash: known?.payloadHash };
    const authenticated = authenticate(verifier, operation, to.protocol, signed);
    const { caller, region } = authenticated instanceof Promise ? await authenticated : authenticated;
    visit.caller = caller;
    visit.region = region;
    if (isSigner(caller)) world.lastUses.note(caller, service.name, region, visit.startedAt);
    const input = known?.input ?? protocol.parse(operation, request, labels);
    visit.input = input;
    visit.shown = known?.shown;
    const made = callOf(world, visit, { service, operation, caller, region, input });
    const call = made instanceof Promise ? await made : made;
    checkSession(caller, to.protocol, service.name, operation.name);
    // Whoever has proved nothing yet is counted when he has, in call.ts.
    if (isSigner(caller)) admit(world, to.protocol, operation.name, call);
    if (operation.validatesFirst) validate(knowledge, visit, question, input);
    const access = operation.access(input, call);
    const wanted = access instanceof Promise ? await access : access;
    const judged = authorize(store, call, to.protocol, `${service.name}:${operation.name}`, wanted);
    if (judged instanceof Promise) await judged;
    if (!operation.validatesFirst) validate(knowledge, visit, question, input);
    const answer = operation.run(input, call);
    const output = answer instanceof Promise ? await answer : answer;
    response = protocol.respond(service, operation, output, visit.requestId);
  } catch (thrown) {
    const error = asServiceError(world, visit, thrown);
    visit.error = error;
    // The event is due to whoever proved a key. Where that was not asked yet, it is another thread's work all the same.
    if (visit.caller?.kind === 'certificate') await visit.caller.prove();
    const refusal = protocol.refuse(error, visit.requestId, to.xmlNamespace);
    response = { ...refusal, headers: [...refusal.headers, ...encodedMessage(world, visit)] };
  }
  const waits = unkept(world, visit);
  const refused = waits && (await waits);
  told(world, visit);
  return refused === undefined ? response : protocol.refuse(refused, visit.requestId, to.xmlNamespace);
}

/** Nothing is answered whose event cannot be kept: the error in the place of the answer, or undefined. */
function unkept(world: World, visit: Visit): ServiceError | Promise<ServiceError | undefined> | undefined {
  try {
    return keep(world, visit)?.then(
      () => undefined,
      (cause) => unrecorded(world, visit, cause),
    );
  } catch (cause) {
    return unrecorded(world, visit, cause);
  }
}

function unrecorded(world: World, visit: Visit, cause: unknown): ServiceError {
  world.log.error({ requestId: visit.requestId, cause: String(cause) }, 'a visit was not recorded');
  visit.error = unavailable(visit.protocol);
  return visit.error;
}

/** The answer is on its way; what fails here is the operator's to know. */
function told(world: World, visit: Visit): void {
  try {
    tell(world, visit);
  } catch (cause) {
    world.log.error({ requestId: visit.requestId, cause: String(cause) }, 'a visit was not told of');
  }
}

function served({ service, protocol }: Addressee): Service<Call> {
  if (service === undefined) throw unknownService(protocol);
  return service;
}

/** Throws where the input breaks a constraint; what was asked before, and was lawful, is. */
function validate({ questions }: Knowledge, visit: Visit, question: Question, input: object): void {
  if (question.known !== undefined) return;
  const message = violations(question.operation.input, input, { lowerFirst: visit.protocol === 'query' });
  if (message !== undefined) throw commonError('validation', visit.protocol, message);
  visit.shown = questions.keep(question, input);
}

/** Seconds after which a store or a queue may have recovered. */
const retryAfterSeconds = 1;

/** `Ours:` AWS's own sentence for callers is not known; the code and 503 are what every SDK takes for a reason to retry. */
function unavailable(protocol: ProtocolName, seconds = retryAfterSeconds): ServiceError {
  const message = 'The service is temporarily unavailable. Please try again.';
  return commonError('unavailable', protocol, message, undefined, seconds);
}

function asServiceError(world: World, { requestId, protocol }: Visit, thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof StoreUnavailable) {
    world.log.error({ requestId, cause: thrown.message }, 'the store refused');
    return unavailable(protocol);
  }
  world.log.error({ requestId, cause: thrown instanceof Error ? thrown.stack : String(thrown) }, 'internal failure');
  return commonError(
    'internal',
    protocol,
    'The request processing has failed because of an unknown error, exception or failure.',
  );
}

/** Those refused together are told 1 to 3 seconds, by chance, so that they do not come back together. */
const busyRetrySeconds = 3;

/** The answer to a request for which there is no room now. Nothing of it but its path is looked at: it must cost little. */
export function refuseBusy(world: World, request: WireRequest): Refusal {
  const to = addressee(world.services, request, { ok: false, presigned: false, reason: 'missing' });
  const requestId = world.newId();
  const seconds = 1 + (Number.parseInt(requestId.slice(-4), 16) % busyRetrySeconds);
  const error = unavailable(to.protocol, seconds);
  world.metrics.answered({ status: error.status, code: error.code, seconds: 0 });
  return protocols[to.protocol].refuse(error, requestId, to.xmlNamespace);
}

/** The answer to a request whose body was not read, because it is longer than the door admits. */
export function refuseTooLarge(world: World, request: WireRequest): Refusal {
  const to = addressee(world.services, request, parseSignature(request));
  const error = commonError('tooLarge', to.protocol, 'Request body is longer than 1048576 bytes.');
  world.metrics.answered({ status: error.status, code: error.code, seconds: 0 });
  return protocols[to.protocol].refuse(error, world.newId(), to.xmlNamespace);
}
