// What H is measured on: `node:http` with nothing behind it. Reads each request whole, answers as many bytes as Anyrole.
// Started as a child process: `node bare-server.ts STATUS RESPONSE_BYTES`.
import { createServer } from 'node:http';

/** As Anyrole's door: large certificates do not fit Node's default. */
const maxHeaderSize = 192 * 1024;

const status = Number(process.argv[2]);
const body = Buffer.alloc(Number(process.argv[3]), 'x');
const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };

const server = createServer({ maxHeaderSize, keepAliveTimeout: 60_000 }, (request, response) => {
  request.on('data', () => {});
  request.on('end', () => response.writeHead(status, headers).end(body));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
