// Sends signed requests over HTTP: with an access key, or with a certificate's key. What comes back is text and a status;
// an answer that is an error becomes one, with AWS's code, sentence and request id.
import type { KeyObject } from 'node:crypto';
import type { HeaderPair, SignableRequest } from '../core/signature/canonical.ts';
import { signRequest } from '../core/signature/hmac.ts';
import { signX509Request } from '../core/signature/x509.ts';

export type AccessKey = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type CertificateKey = {
  readonly certificateDer: Uint8Array;
  readonly serialNumber: bigint;
  readonly privateKey: KeyObject;
};

export type Outgoing = {
  /** `http://127.0.0.1:4747`, no path. */
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  readonly region: string;
  readonly now: Date;
};

/** What the server answered is an error. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(status: number, code: string, message: string, requestId: string) {
    super(`${code}: ${message} (status ${status}, request ${requestId})`);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** The answer's body to a request signed with an access key. Throws AnswerError. */
export function sendWithKey(outgoing: Outgoing, service: string, key: AccessKey): Promise<string> {
  const { region, now } = outgoing;
  return send(outgoing, (request) => signRequest(request, { ...key, region, service, now }));
}

/** The answer's body to a request signed with a certificate's key. Throws AnswerError. */
export function sendWithCertificate(outgoing: Outgoing, key: CertificateKey): Promise<string> {
  const { region, now } = outgoing;
  return send(outgoing, (request) => signX509Request(request, { ...key, region, now }));
}

async function send(outgoing: Outgoing, sign: (request: SignableRequest) => readonly HeaderPair[]): Promise<string> {
  const { endpoint, method, path, contentType, body } = outgoing;
  const own: HeaderPair = ['Content-Type', contentType];
  const host: HeaderPair = ['Host', new URL(endpoint).host];
  const added = sign({ method, path, rawQuery: '', headers: [host, own], body: Buffer.from(body) });
  const headers = [own, ...added].map(([name, value]): [string, string] => [name, value]);
  const response = await fetch(endpoint + path, { method, headers, ...(body === '' ? {} : { body }) });
  const text = await response.text();
  if (response.ok) return text;
  throw new AnswerError(
    response.status,
    response.headers.get('x-amzn-errortype') ?? xmlText(text, 'Code') ?? 'Unknown',
    xmlText(text, 'Message') ?? messageOf(text),
    response.headers.get('x-amzn-requestid') ?? '',
  );
}

/** Text of the first XML element of this name, entities as they stand. */
export function xmlText(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}

function messageOf(json: string): string {
  try {
    return String(JSON.parse(json).message);
  } catch {
    return 'the answer is not what AWS would send';
  }
}
