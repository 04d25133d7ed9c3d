// What an answer says that is an error: AWS's code, sentence and request id, in JSON or XML, from AWS or from whatever stands
// before it.
import type { Answer } from './http.ts';

/** AWS's refusal as its protocols write it. */
export type Refusal = {
  readonly status: number;
  /** Without namespace and address; `HttpStatus403` where the answer names none. */
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  /** Of the Retry-After header, 1–86,400; absent also where it is a date, which says little to a clock that is off. */
  readonly retryAfterSeconds?: number;
};

/** What the server answered is an error. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;
  readonly code: string;
  /** What the server said, without what stands around it in the message. */
  readonly sentence: string;
  readonly requestId: string;
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, code, message, requestId, retryAfterSeconds }: Refusal) {
    super(`${code}: ${message} (status ${status}, request ${requestId})`);
    this.status = status;
    this.code = code;
    this.sentence = message;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Reads an answer that is no success. Never throws. */
export function refusalOf({ status, header, text }: Answer): Refusal {
  const json = memberOf(text);
  const code = header('x-amzn-errortype') ?? json('__type') ?? json('code') ?? xmlText(text, 'Code') ?? '';
  return {
    status,
    // `aws.protocols#AccessDeniedException:http://internal.amazon.com/` is AccessDeniedException.
    code: /([\w.-]+)(?::|$)/.exec(code)?.[1] ?? `HttpStatus${status}`,
    message: json('message') ?? json('Message') ?? xmlText(text, 'Message') ?? 'the answer is not what AWS would send',
    requestId: header('x-amzn-requestid') ?? header('x-amz-request-id') ?? '',
    ...retryAfterOf(header('retry-after')),
  };
}

/** Spec: RFC 9110 §10.2.3 */
function retryAfterOf(value: string | undefined): Pick<Refusal, 'retryAfterSeconds'> {
  const seconds = /^\d{1,5}$/.test(value ?? '') ? Number(value) : 0;
  return seconds >= 1 && seconds <= 86_400 ? { retryAfterSeconds: seconds } : {};
}

/** Text of the first XML element of this name, entities as they stand. */
export function xmlText(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}

function memberOf(text: string): (name: string) => string | undefined {
  const value = jsonOf(text);
  return (name) => {
    const member = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return typeof member === 'string' ? member : undefined;
  };
}

/** The value of a JSON text; undefined when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the value is an object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
