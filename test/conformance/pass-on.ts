// What stands before a server passes on what comes, headers and all, since the signature covers them.
import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Asks the target what was asked here, and answers what it answers; `change` may alter the body. */
export function passOn(
  target: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  change: (body: string) => string = (body) => body,
): void {
  const { method, rawHeaders } = incoming;
  const passed = request(new URL(incoming.url ?? '/', target), {
    method,
    headers: rawHeaders,
    setDefaultHeaders: false,
  });
  passed.on('response', async (response) => {
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    const { 'content-length': _, ...headers } = response.headers;
    answer.writeHead(response.statusCode ?? 502, headers).end(change(body));
  });
  passed.on('error', () => answer.destroy());
  incoming.pipe(passed);
}
