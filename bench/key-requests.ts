// Requests that an access key signs, made before the clock starts: whole HTTP/1.1 requests as bytes, with the headers that
// AWS's SDKs send.
import type { AccessKey } from '../src/client/send.ts';
import { signRequest } from '../src/core/signature/hmac.ts';
import { region } from './account.ts';

/** What is asked. */
export type Question = {
  readonly service: 'rolesanywhere' | 'iam' | 'sts';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Absent: none, as of a GET. */
  readonly contentType?: string;
  readonly body?: string;
};

/** The bytes of one request, signed as of `signedAt`. `url`: of the server, no path. */
export function keyRequest(url: string, key: AccessKey, question: Question, signedAt: Date): Uint8Array {
  const { service, method, path, contentType, body: text = '' } = question;
  const body = Buffer.from(text);
  const headers = [
    ['Host', new URL(url).host] as const,
    ...(contentType === undefined ? [] : [['Content-Type', contentType] as const]),
  ];
  const request = { method, path, rawQuery: '', headers, body };
  const added = signRequest(request, { ...key, region, service, now: signedAt });
  const unsigned = [
    ['User-Agent', 'anyrole-bench'] as const,
    ...(method === 'GET' ? [] : [['Content-Length', String(body.length)] as const]),
  ];
  const lines = [...headers, ...unsigned, ...added].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/** `count` requests, at most 800, about the questions in turn, each signed for a second of its own. */
export function askedInTurn(
  url: string,
  key: AccessKey,
  questions: readonly Question[],
  count: number,
): readonly Uint8Array[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, at) => {
    const question = questions[at % questions.length];
    if (question === undefined) throw new RangeError('nothing is asked');
    return keyRequest(url, key, question, new Date(now - at * 1000));
  });
}

/** Requests of which each asks something of its own, all signed now. */
export function askedOnce(
  url: string,
  key: AccessKey,
  question: (serial: string) => Question,
  count: number,
): readonly Uint8Array[] {
  const now = new Date();
  const made = now.getTime().toString(36);
  return Array.from({ length: count }, (_, at) => keyRequest(url, key, question(`${made}-${at}`), now));
}
