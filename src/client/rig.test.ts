// What the client's tests share: a server that answers by a script, a world whose clock and chance stand still, options that
// are good.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { makeCa } from '../../test/pki.ts';
import type { RolesAnywhereOptions } from './options.ts';
import type { World } from './world.ts';

export const now = new Date('2026-06-01T12:00:00Z');
export const ca = makeCa({ subject: 'CN=Root' });
export const leaf = ca.issue({ subject: 'CN=client,OU=Tests', key: 'p256' });

export const arns = {
  trustAnchorArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/4d6e1ab8-0000-4000-8000-000000000000',
  profileArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/4d6e1ab8-0000-4000-8000-000000000001',
  roleArn: 'arn:aws:iam::123456789012:role/path/Worker',
};

/** A world that stands still; `slept` is what was waited for. */
export function stillWorld(environment: World['environment'] = {}, at = now) {
  const slept: number[] = [];
  const sleep = async (milliseconds: number) => void slept.push(milliseconds);
  const world: World = { environment, now: () => at, random: () => 0, newId: () => 'an-id', sleep };
  return { ...world, slept };
}

export function goodOptions(endpoint: string, world: Partial<World> = stillWorld()): RolesAnywhereOptions {
  return { ...arns, endpoint, certificate: leaf.pem, privateKey: leaf.keyPem, world };
}

export const credentials = {
  accessKeyId: 'ASIACLIENTTESTS00001',
  secretAccessKey: 'a/secret+of/40=characters',
  sessionToken: 'dG9rZW4=',
  expiration: '2026-06-01T13:00:00Z',
};

export function answerOf(given: object = credentials): string {
  const assumedRoleUser = { arn: 'arn:aws:sts::123456789012:assumed-role/Worker/0123', assumedRoleId: 'AROA:0123' };
  return JSON.stringify({
    credentialSet: [{ credentials: given, assumedRoleUser, packedPolicySize: 7 }],
    subjectArn: 'arn',
  });
}

export type Step = (response: ServerResponse, request: IncomingMessage) => void;

export function answering(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Step {
  return (response) => void response.writeHead(status, headers).end(body);
}

export const success = answering(201, answerOf());

/** A server whose answers follow the steps, the last for ever. `asked` are the requests, in their order. */
export function scripted(...steps: readonly Step[]) {
  return listening(createServer(), 'http', steps);
}

/** The same over TLS. */
export function scriptedTls({ pem, keyPem }: { readonly pem: string; readonly keyPem: string }, ...steps: Step[]) {
  return listening(createTlsServer({ cert: pem, key: keyPem }), 'https', steps);
}

async function listening(server: Server, scheme: 'http' | 'https', steps: readonly Step[]) {
  const asked: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  const sockets = new Set<Socket>();
  server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ url: request.url ?? '', headers: request.headers, body });
    (steps[asked.length - 1] ?? steps.at(-1))?.(response, request);
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    port: address.port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
