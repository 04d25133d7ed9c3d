// Sends signed requests over HTTP: with an access key, or with a certificate's key. What comes back is text; an answer that is
// an error becomes one, with AWS's code, sentence and request id.
import type { KeyObject } from 'node:crypto';
import type { HeaderPair, SignableRequest } from '../core/signature/canonical.ts';
import { signRequest } from '../core/signature/hmac.ts';
import { signX509Request } from '../core/signature/x509.ts';
import { AnswerError, refusalOf } from './answers.ts';
import { exchange, type Way } from './http.ts';

export { AnswerError, xmlText } from './answers.ts';

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

/** The answer's body to a request signed with an access key; directly, where no way is said. Throws AnswerError. */
export function sendWithKey(outgoing: Outgoing, service: string, key: AccessKey, way?: Way): Promise<string> {
  const { region, now } = outgoing;
  return send(outgoing, (request) => signRequest(request, { ...key, region, service, now }), way);
}

/** The answer's body to a request signed with a certificate's key. Throws AnswerError. */
export function sendWithCertificate(outgoing: Outgoing, key: CertificateKey): Promise<string> {
  const { region, now } = outgoing;
  return send(outgoing, (request) => signX509Request(request, { ...key, region, now }));
}

const direct: Way = { timeoutMilliseconds: 30_000 };

async function send(
  outgoing: Outgoing,
  sign: (request: SignableRequest) => readonly HeaderPair[],
  way = direct,
): Promise<string> {
  const { endpoint, method, path, contentType } = outgoing;
  const url = new URL(endpoint + path);
  const own: readonly HeaderPair[] = [
    ['Host', url.host],
    ['Content-Type', contentType],
  ];
  const body = Buffer.from(outgoing.body);
  const added = sign({ method, path: url.pathname, rawQuery: url.search.slice(1), headers: own, body });
  const answer = await exchange({ method, url, headers: [...own, ...added], body }, way);
  if (answer.status >= 200 && answer.status < 300) return answer.text;
  throw new AnswerError(refusalOf(answer));
}
