// The least that a server must do which keeps Anyrole's promises: `node:http`, the signatures of a request, its hashes, one sealed
// token, and rows that are durable before the answer. No rule is checked, nothing is looked up, no certificate is read, no text is made.
// Started as a child process: `node floor-server.ts DIRECTORY FLOOR`, the latter as JSON.
import { createCipheriv, createPrivateKey, createPublicKey, hash, randomBytes, sign, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Floor } from './floor.ts';

const directory = process.argv[2] ?? '';
// bench/floor.ts wrote it.
const floor = JSON.parse(process.argv[3] ?? '') as Floor;
/** As Anyrole's door: large certificates do not fit Node's default. */
const maxHeaderSize = 192 * 1024;

const body = 'x'.repeat(floor.bodyBytes);
const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
/** As long as what AWS4-X509 signs, a canonical request, an audit event and a session's claims. */
const [signed, canonical, event, claims] = [160, 700, 1500, 700].map((length) => 'm'.repeat(length)) as [
  string,
  string,
  string,
  string,
];

const settled: (() => void)[] = [];
/** Answers of one turn are written together, as Anyrole's are: each write may wake the generator. */
function settle(answer: () => void): void {
  if (settled.push(answer) > 1) return;
  setImmediate(() => {
    for (const next of settled.splice(0)) next();
  });
}

/** As many signatures as the request needs, on the threads of libuv, asked for at the end of a turn. */
const verifyAll = floor.pem === undefined ? (done: () => void) => done() : verifier(floor.pem, floor.verified);

function verifier(pem: string, count: number): (done: () => void) => void {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const message = Buffer.from(signed);
  const algorithm = privateKey.asymmetricKeyType?.startsWith('ml-dsa') ? null : 'sha256';
  const signature = sign(algorithm, message, privateKey);
  return (done) => {
    let missing = count;
    const verified = (cause: Error | null, isValid: boolean) => {
      if (cause !== null || !isValid) throw cause ?? new Error('a good signature does not verify');
      if (--missing === 0) done();
    };
    setImmediate(() => {
      for (let asked = 0; asked < count; asked++) verify(algorithm, message, publicKey, signature, verified);
    });
  };
}

/** What waits for the next group, and what the group under way was asked by. */
let waiting: (() => void)[] = [];
let committing: readonly (() => void)[] | undefined;
const thread = new Worker(new URL('floor-thread.ts', import.meta.url), { workerData: `${directory}/floor.sqlite` });
thread.on('message', () => {
  const durable = committing ?? [];
  committing = undefined;
  commitNext();
  for (const done of durable) done();
});

function commit(done: () => void): void {
  if (waiting.push(done) === 1) setImmediate(commitNext);
}

function commitNext(): void {
  if (committing !== undefined || waiting.length === 0) return;
  committing = waiting;
  waiting = [];
  thread.postMessage(committing.flatMap(() => (floor.writes ? [event, claims] : [event])));
}

const key = randomBytes(32);
function seal(): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  return Buffer.concat([nonce, cipher.update(claims), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

const server = createServer({ maxHeaderSize, keepAliveTimeout: 60_000 }, (request, response) => {
  const answer = () => settle(() => response.writeHead(floor.status, headers).end(body));
  const proved = () => {
    hash('sha256', event);
    if (floor.seals) seal();
    // A read's event may lag.
    commit(floor.writes ? answer : () => {});
    if (!floor.writes) answer();
  };
  request.on('data', () => {});
  request.on('end', () => {
    hash('sha256', canonical);
    // HMAC-SHA256 by two hashes, where no certificate signs.
    if (floor.pem === undefined) hash('sha256', hash('sha256', signed));
    verifyAll(proved);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
