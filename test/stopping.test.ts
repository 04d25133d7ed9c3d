// SIGTERM under load: nothing that was asked before goes unanswered, what has no answer was not done, and every credential
// that was given is on record when the server starts again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareAccount, region } from '../bench/account.ts';
import { makePki, newLeaf, repeated } from '../bench/session-requests.ts';
import { complete } from '../bench/wire.ts';
import { sendWithKey } from '../src/client/send.ts';
import { start } from './command.ts';

const rootKey = { accessKeyId: 'AKIASTOPPINGSTOPPING', secretAccessKey: 'a-secret-that-was-given-by-the-operator' };
const environment = {
  ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
  ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
};
const connections = 24;

type Sent = { readonly at: number; answer?: { readonly status: number; readonly requestId: string } };

/** One request after another on a connection, until it is closed or refused. */
function converse(port: number, requests: readonly Uint8Array[], sent: Sent[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received: Buffer = Buffer.alloc(0);
    let current: Sent | undefined;
    const ask = () => {
      current = { at: performance.now() };
      sent.push(current);
      socket.write(requests[sent.length % requests.length] ?? new Uint8Array());
    };
    socket.on('connect', ask);
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = complete(received);
      if (answer === undefined || current === undefined) return;
      const text = received.toString('latin1');
      received = Buffer.alloc(0);
      current.answer = { status: answer.status, requestId: /x-amzn-requestid: (\S+)/i.exec(text)?.[1] ?? '' };
      if (/^connection: close/im.test(text)) socket.destroy();
      else ask();
    });
  });
}

test('SIGTERM under load answers all that was asked, and all of it is on record', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'anyrole-stopping-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'data')];
  const server = start(args, environment);
  const [, url = '', port] = await server.printed(/listening on (http:\/\/127\.0\.0\.1:(\d+))/);
  const pki = makePki('p256', new Date());
  const arns = await prepareAccount(url, rootKey, pki.rootPem);
  const requests = repeated(url, arns, pki, newLeaf(pki), 50);

  const sent: Sent[] = [];
  const answered = () => sent.filter(({ answer }) => answer !== undefined);
  const talks = Array.from({ length: connections }, () => converse(Number(port), requests, sent));
  const enough = Promise.withResolvers<void>();
  const look = setInterval(() => answered().length > 3 * connections && enough.resolve(), 5);
  await enough.promise;
  clearInterval(look);
  const stoppedAt = performance.now();
  server.process.kill('SIGTERM');
  await Promise.all(talks);
  assert.equal((await server.ended).status, 0);
  const lost = sent.filter(({ at, answer }) => answer === undefined && at < stoppedAt);
  assert.deepEqual(lost, [], 'what was asked before the signal has its answer');
  for (const { answer } of answered()) assert.equal(answer?.status, 201);

  const again = start(args, environment);
  const [, endpoint = ''] = await again.printed(/listening on (http:\S+)/);
  for (const { answer } of answered().slice(-60)) {
    const asked = {
      endpoint,
      method: 'GET',
      contentType: 'application/json',
      path: `/explanations/${answer?.requestId}`,
      region,
      now: new Date(),
    };
    const { explanation } = JSON.parse(await sendWithKey({ ...asked, body: '' }, 'anyrole', rootKey));
    assert.equal(explanation.requestId, answer?.requestId);
  }
  t.diagnostic(`${sent.length} asked, ${answered().length} answered`);
  again.process.kill('SIGTERM');
  assert.equal((await again.ended).status, 0);
});
