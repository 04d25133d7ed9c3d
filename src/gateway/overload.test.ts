// Too much at once over real sockets: who is refused, what that costs, and how a door that is full ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCa } from '../../test/pki.ts';
import type { WireResponse } from '../protocols/protocol.ts';
import { door, exchange, head, impatient, last, limit, refusedAt, wire } from './door-rig.test.ts';
import { type Overload, overload, overloadMetrics } from './overload.ts';

/** Room that can be taken away and given back. */
function switchable(): Overload & { full: boolean } {
  const load = overload({ now: () => performance.now(), later: (ms, work) => void setTimeout(work, ms) });
  const made = {
    ...load,
    full: false,
    admission: {
      ...load.admission,
      isFull: () => made.full,
      enter: () => (made.full ? undefined : load.admission.enter()),
    },
  };
  return made;
}

describe('without room', () => {
  test('a request is refused before its body is there, and the connection serves the next one', async () => {
    const load = switchable();
    const { port, requests } = await door({ overload: load });
    const { socket, until } = await wire(port);
    load.full = true;
    socket.write(head('/x', 'Content-Length: 3\r\n\r\n'));
    assert.match(await until(/busy$/), /^HTTP\/1.1 503 (?:(?!connection: close).)*busy$/is);
    load.full = false;
    socket.write(`abc${head('/y', '\r\n', 'GET')}`);
    await until(/GET \/y {2}0$/);
    assert.deepEqual([requests.length, load.stats().turned.get('requests')], [1, 1]);
  });

  test('probes are answered', async () => {
    const load = switchable();
    load.full = true;
    const { port } = await door({ overload: load });
    for (const path of ['/livez', '/readyz']) {
      assert.match(await exchange(port, `${head(path, '', 'GET')}${last}`), /^HTTP\/1.1 200 /);
    }
  });

  test('a body that is long or of unknown length is not waited for', async () => {
    const load = switchable();
    load.full = true;
    const { port } = await door({ overload: load });
    for (const announced of [`Content-Length: ${limit}`, 'Transfer-Encoding: chunked']) {
      assert.match(await exchange(port, head('/x', `${announced}\r\n\r\n`)), /^HTTP\/1.1 503 .*connection: close/is);
    }
  });

  test('a request that lost its room while its body came is refused', async () => {
    const load = switchable();
    const { port, requests } = await door({ overload: load });
    const { socket, until } = await wire(port);
    socket.write(head('/x', 'Expect: 100-continue\r\nContent-Length: 3\r\n\r\n'));
    await until(/ 100 Continue/);
    load.full = true;
    socket.write('abc');
    await until(/HTTP\/1.1 503 .*busy$/s);
    assert.equal(requests.length, 0);
  });
});

describe('who waits for 100 Continue', () => {
  const waiting = (length: number) => head('/x', `Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`);

  test('is told to go on, and answered', async () => {
    const { port } = await door();
    const { socket, until } = await wire(port);
    socket.write(waiting(3));
    await until(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
    socket.write('abc');
    await until(/200 OK.*POST \/x {2}3$/s);
  });

  test('is refused instead, for want of room or a body that is too long', async () => {
    const load = switchable();
    const { port } = await door({ overload: load });
    const tooLong = await wire(port);
    tooLong.socket.write(waiting(limit + 1));
    assert.match(await tooLong.until(/too large$/), /^HTTP\/1.1 413 /);
    load.full = true;
    assert.match(await exchange(port, waiting(3)), /^HTTP\/1.1 503 .*connection: close.*busy$/is);
  });
});

describe('many refusals', () => {
  test('wait for their turn, are counted, and are given when the door closes', async () => {
    const load = switchable();
    load.full = true;
    const { port, door: open } = await door({ overload: load });
    const wires = await Promise.all(Array.from({ length: 150 }, () => wire(port)));
    for (const { socket } of wires) socket.write(head('/x', '\r\n', 'GET'));
    const early = await Promise.race(wires.map(({ until }) => until(/busy$/)));
    assert.match(early, /^HTTP\/1.1 503 /);
    await open.close(5000);
    for (const { closed } of wires) assert.match(await closed(), /^HTTP\/1.1 503 .*busy$/s);
    assert.equal(load.stats().turned.get('requests'), 150);
  });

  test('of one connection, sent without waiting, take no more than their room', async () => {
    const load = switchable();
    load.full = true;
    const { port } = await door({ overload: load });
    const { socket, closed } = await wire(port);
    socket.write(head('/x', '\r\n', 'GET').repeat(6000));
    const text = await closed();
    assert.ok((text.match(/HTTP\/1.1 503/g)?.length ?? 0) <= 6000);
    assert.ok(load.stats().refusalsWaiting <= 4096);
  });

  test('of clients that went away are forgotten', async () => {
    const load = switchable();
    load.full = true;
    const { port } = await door({ overload: load });
    const wires = await Promise.all(Array.from({ length: 200 }, () => wire(port)));
    for (const { socket } of wires) socket.write(head('/x', '\r\n', 'GET'));
    const seen = await wire(port);
    seen.socket.write(head('/x', '\r\n', 'GET'));
    for (const { socket } of wires) socket.destroy();
    await seen.until(/busy$/);
    assert.equal(load.stats().refusalsWaiting, 0);
  });
});

describe('connections that send slowly', () => {
  /** A connection that sent some of a request and holds on. */
  const slow = async (port: number, text: string) => {
    const made = await wire(port);
    made.socket.write(text);
    return made;
  };

  test('do not keep others out, a thousand of them', async () => {
    const { port, requests } = await door();
    await Promise.all(Array.from({ length: 500 }, () => slow(port, 'POST / HTTP/1.1\r\nHost: h\r\nX-Slow: ')));
    await Promise.all(Array.from({ length: 500 }, () => slow(port, head('/x', 'Content-Length: 100\r\n\r\nabc'))));
    assert.match(await exchange(port, `${head('/y', '', 'GET')}${last}`), /200 OK/);
    assert.equal(requests.length, 1);
  });

  test('make room for new ones, the slowest first; who waits for an answer is left alone', async () => {
    const answers: ((answer: WireResponse) => void)[] = [];
    const load = switchable();
    const patient = { ...impatient, headersTimeout: 9000, requestTimeout: 9000, keepAliveTimeout: 9000 };
    const made = await door(
      { overload: load, handle: () => new Promise((resolve) => void answers.push(resolve)) },
      patient,
    );
    const asked = await slow(made.port, head('/asked', '\r\n', 'GET'));
    const first = await slow(made.port, 'GET / HT');
    for (let more = 0; more < impatient.maxConnections - 2; more += 1) {
      await slow(made.port, head('/x', 'Content-Length: 9\r\n\r\na'));
    }
    await slow(made.port, 'GET / HT');
    assert.equal(await first.closed(), '');
    assert.equal(load.stats().turned.get('connections'), 1);
    for (const answer of answers) answer({ status: 200, headers: [], body: 'patience' });
    await asked.until(/patience$/);
  });

  test('over TLS count from their handshake, which has its time like the rest', async () => {
    const leaf = makeCa().issue({ subject: 'CN=door', eku: ['serverAuth'] });
    const patient = { ...impatient, headersTimeout: 9000, requestTimeout: 9000, maxConnections: 3 };
    const { port } = await door({ tls: { cert: leaf.pem, key: leaf.keyPem } }, patient);
    const [first] = [await wire(port), await wire(port), await wire(port)];
    const used = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    used.on('secureConnect', () => used.write(head('/1', '\r\n', 'GET')));
    await once(used, 'data');
    assert.equal(await first.closed(), '');
    used.destroy();
  });

  test('with large bodies are refused when these take too much together, small ones are not', async () => {
    const load = switchable();
    const patient = { ...impatient, headersTimeout: 9000, requestTimeout: 9000 };
    const { port } = await door({ overload: load }, patient);
    const large = head('/x', `Content-Length: ${limit}\r\n\r\n`);
    const part = 'a'.repeat(60 * 1024);
    const holding = await slow(port, large + part);
    await exchange(port, `${head('/y', '', 'GET')}${last}`); // what came before has been read
    const refused = await slow(port, large);
    refused.socket.write(part);
    assert.match(await refused.closed(), /^HTTP\/1.1 503 /);
    assert.equal(load.stats().turned.get('bodies'), 1);
    const small = `${head('/z', 'Content-Length: 16384\r\n')}${last}`;
    assert.match(await exchange(port, small + 'a'.repeat(16384)), /200 OK.*16384$/s);
    holding.socket.destroy();
  });

  test('give their part back, so that the next large body is taken', async () => {
    const { port } = await door({}, { ...impatient, requestTimeout: 9000, headersTimeout: 9000 });
    const body = 'a'.repeat(70 * 1024);
    for (let again = 0; again < 5; again += 1) {
      assert.match(await exchange(port, `${head('/x', `Content-Length: ${body.length}\r\n`)}${last}${body}`), /200 OK/);
    }
  });
});

describe('a thousand connections at once', { skip: shortOfQueue() }, () => {
  test('are let in before one that comes later', async () => {
    const { port } = await door();
    const crowd = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    let connected = 0;
    const count = () => {
      connected += 1;
    };
    for (const socket of crowd) socket.once('connect', count);
    await once(crowd[0] ?? assert.fail(), 'connect');
    assert.match(await exchange(port, `${head('/late', '', 'GET')}${last}`), /200 OK/);
    // Whom the kernel has no room for tries again a second later.
    assert.equal(connected, crowd.length);
    for (const socket of crowd) socket.destroy();
  });
});

describe('who connects while more is asked than can be answered', () => {
  test('does not wait for all of that', async () => {
    let asked = 0;
    const { port } = await door({
      async handle({ path }) {
        asked += 1;
        return { status: 200, headers: [], body: `answer to ${path}.` };
      },
    });
    const busy = await Promise.all(Array.from({ length: 100 }, () => wire(port)));
    for (const { socket } of busy) {
      socket.on('data', () => void socket.write(head('/again', '\r\n', 'GET')));
      socket.write(head('/again', '\r\n', 'GET'));
    }
    await busy[0]?.until(/again\..*again\./s);
    const before = asked;
    await Promise.all(Array.from({ length: 50 }, () => exchange(port, `${head('/new', '', 'GET')}${last}`)));
    // Each is let in in a turn of its own, and 100 are ready to be asked in every one.
    assert.ok(asked - before < 50 * 50, `${asked - before} requests were before them`);
    for (const { socket } of busy) socket.destroy();
  });
});

/** Why the kernel would not let so many wait, whatever the door asks for. */
function shortOfQueue(): string | false {
  const path = '/proc/sys/net/core/somaxconn';
  const most = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  return most < 1024 && `the kernel lets ${most} connections wait`;
}

describe('a door that closes', () => {
  test('still answers what was on its way to a connection that idled, and closes it then', async () => {
    const { port, door: open } = await door();
    const { socket, until, closed } = await wire(port);
    socket.write(head('/1', '\r\n', 'GET'));
    await until(/\/1 {2}0$/);
    const closing = open.close(5000);
    socket.write(head('/2', '\r\n', 'GET'));
    assert.match(await closed(), /\/1 {2}0HTTP\/1.1 200 OK.*connection: close.*\/2 {2}0$/is);
    await closing;
  });

  test('answers all that connected before, though each turn lets in one and answers few', async () => {
    const { port, requests, door: open } = await door();
    const wires = await Promise.all(Array.from({ length: 100 }, () => wire(port)));
    for (const { socket } of wires) socket.write(head('/x', '\r\n', 'GET'));
    await open.close(20_000);
    for (const { closed } of wires) assert.match(await closed(), /^HTTP\/1.1 200 .*connection: close/is);
    assert.equal(requests.length, 100);
  });

  test('does not wait for one that never asked anything, or that idles', async () => {
    const { port, door: open } = await door();
    const silent = await wire(port);
    const idle = await wire(port);
    idle.socket.write(head('/1', '\r\n', 'GET'));
    await idle.until(/\/1 {2}0$/);
    const probing = await wire(port);
    probing.socket.write(head('/livez', '\r\n', 'GET'));
    await probing.until(/ok\n$/);
    await open.close(60_000);
    assert.equal(await silent.closed(), '');
    await idle.closed();
    await probing.closed();
  });

  test('does not wait for one over TLS that idles, or that never shook hands', async () => {
    const leaf = makeCa().issue({ subject: 'CN=door', eku: ['serverAuth'] });
    const { port, door: open } = await door({ tls: { cert: leaf.pem, key: leaf.keyPem } });
    const idle = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    idle.on('secureConnect', () => idle.write(head('/1', '\r\n', 'GET')));
    await once(idle, 'data');
    const silent = await wire(port);
    await open.close(60_000);
    assert.equal(await silent.closed(), '');
    idle.destroy();
  });

  test('times out who does not finish a request, long before the grace ends', async () => {
    const { port, door: open } = await door({}, impatient);
    const { socket, closed } = await wire(port);
    socket.write(head('/x', 'Content-Length: 10\r\n\r\nabc'));
    await exchange(port, `${head('/y', '', 'GET')}${last}`);
    await open.close(60_000);
    assert.match(await closed(), /^HTTP\/1.1 408 /);
  });

  test('refuses new connections', async () => {
    const { port, door: open } = await door();
    const closing = open.close(5000);
    await refusedAt(port);
    await closing;
  });
});

describe('an episode of overload', () => {
  test('is told when it begins and when it is over, with how many were turned away', () => {
    const told: unknown[] = [];
    let ms = 0;
    const load = overload({ now: () => ms, later: () => {}, tell: (...what) => told.push(what) });
    load.count('requests');
    load.count('connections');
    ms = 9999;
    load.turn();
    load.count('bodies');
    ms += 9999;
    load.turn();
    assert.deepEqual(told, [['began', 1]]);
    ms += 1;
    load.turn();
    load.turn();
    assert.deepEqual(told, [
      ['began', 1],
      ['ended', 3],
    ]);
    load.count('requests');
    assert.deepEqual(told.at(-1), ['began', 1]);
  });

  test('shows in the metrics', async () => {
    const load = overload({ now: () => 0, later: () => {} });
    load.admission.enter();
    load.count('bodies');
    const shown = await Promise.all(
      overloadMetrics(load, () => 7).map(async ({ name, collect }) => [
        name,
        (await collect()).map(({ value }) => value),
      ]),
    );
    assert.deepEqual(Object.fromEntries(shown), {
      anyrole_overload_refusals_total: [0, 1, 0],
      anyrole_connections: [7],
      anyrole_requests_in_flight: [1],
      anyrole_requests_in_flight_limit: [128],
      anyrole_refusals_waiting: [0],
      anyrole_queue_delay_seconds: [0],
    });
  });
});
