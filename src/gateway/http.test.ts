// The door over real sockets: its limits, its patience, and HTTP as strangers write it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { Origin } from '../services/call.ts';
import { door, exchange, head, impatient, last, limit, refusedAt, wire } from './door-rig.test.ts';

describe('the body', () => {
  const length = (size: number) => `${head('/x', `Content-Length: ${size}\r\n`)}${last}`;
  const chunked = (size: number) =>
    `${head('/x', 'Transfer-Encoding: chunked\r\n')}${last}${size.toString(16)}\r\n${'a'.repeat(size)}\r\n0\r\n\r\n`;

  test('of exactly one mebibyte is accepted, announced or in chunks', async () => {
    const { port } = await door();
    assert.match(await exchange(port, length(limit) + 'a'.repeat(limit)), /200 OK.*POST \/x {2}1048576$/s);
    assert.match(await exchange(port, chunked(limit)), /200 OK.*POST \/x {2}1048576$/s);
  });

  test('of one byte more is refused with 413, announced or in chunks, and the client can read it', async () => {
    const { port, requests } = await door();
    for (const size of [limit + 1, 5 * limit]) {
      assert.match(await exchange(port, length(size) + 'a'.repeat(size)), /^HTTP\/1.1 413 .*too large$/s);
      assert.match(await exchange(port, chunked(size)), /^HTTP\/1.1 413 .*too large$/s);
    }
    assert.equal(requests.length, 0);
  });

  test('that is announced too large is refused before it is sent', async () => {
    const { port } = await door();
    const { socket, until } = await wire(port);
    socket.write(head('/x', `Content-Length: ${1e12}\r\n\r\n`));
    assert.match(await until(/too large$/), /^HTTP\/1.1 413 /);
  });

  test('that never ends is cut off', async () => {
    const { port } = await door();
    const { socket, closed } = await wire(port);
    socket.write(head('/x', 'Transfer-Encoding: chunked\r\n\r\n'));
    const chunk = `100000\r\n${'a'.repeat(limit)}\r\n`;
    const feed = () => {
      while (socket.writable && socket.write(chunk)) {}
    };
    socket.on('drain', feed);
    feed();
    assert.match(await closed(), /^HTTP\/1.1 413 /);
  });

  test('of a length that is none is refused', async () => {
    const { port } = await door();
    for (const bad of [
      'Content-Length: -1',
      'Content-Length: 1e3',
      'Content-Length: 1\r\nContent-Length: 2',
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
    ]) {
      assert.match(await exchange(port, `${head('/x', `${bad}\r\n`)}${last}a`), /^HTTP\/1.1 400 /, bad);
    }
  });
});

describe('the header block', () => {
  test('of 128 KiB is accepted, of 256 KiB refused with 431', async () => {
    const { port, requests } = await door();
    const block = (size: number) => `${head('/x', `X-Long: ${'a'.repeat(size)}\r\n`, 'GET')}${last}`;
    assert.match(await exchange(port, block(128 * 1024)), /^HTTP\/1.1 200 /);
    assert.equal(requests[0]?.headers.find(([name]) => name === 'X-Long')?.[1].length, 128 * 1024);
    assert.match(await exchange(port, block(256 * 1024)), /^HTTP\/1.1 431 /);
  });

  test('reaches the road in its order, with repeated headers apart and bytes read as UTF-8', async () => {
    const { port, requests } = await door();
    const text = `${head('/x?a=%20+b&&c', 'x-B: 1\r\nX-a: \t2 \r\nx-b: ä😀\r\n', 'GET')}${last}`;
    await exchange(port, Buffer.from(text));
    const [request] = requests;
    assert.deepEqual(request?.headers, [
      ['Host', 'h'],
      ['x-B', '1'],
      ['X-a', '2'],
      ['x-b', 'ä😀'],
      ['Connection', 'close'],
    ]);
    assert.deepEqual([request?.path, request?.rawQuery], ['/x', 'a=%20+b&&c']);
  });

  test('with bytes that are no UTF-8 does no harm', async () => {
    const { port, requests } = await door();
    await exchange(
      port,
      Buffer.concat([Buffer.from(head('/x', 'X-B: ', 'GET')), Buffer.of(0xff, 0xfe), Buffer.from(`\r\n${last}`)]),
    );
    assert.equal(requests[0]?.headers[1]?.[1], '\ufffd\ufffd');
  });
});

describe('what is no HTTP', () => {
  for (const [what, bytes] of [
    ['garbage', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n'],
    ['an empty method', ' / HTTP/1.1\r\n\r\n'],
    ['another version', 'GET / HTTP/9.9\r\nHost: h\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n${last}`],
    ['a space before the colon', `GET / HTTP/1.1\r\nHost: h\r\nX-A : 1\r\n${last}`],
    ['a folded header', `GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n 2\r\n${last}`],
    ['a NUL in a header', `GET / HTTP/1.1\r\nHost: h\r\nX-A: a\u0000b\r\n${last}`],
    ['a bare carriage return', `GET / HTTP/1.1\r\nHost: h\r\nX-A: a\rb\r\n${last}`],
    ['a control character in the target', `GET /\u0001 HTTP/1.1\r\nHost: h\r\n${last}`],
  ] as const) {
    test(`${what} is refused with 400`, async () => {
      const { port, requests } = await door();
      assert.match(await exchange(port, bytes), /^HTTP\/1.1 400 /);
      assert.equal(requests.length, 0);
    });
  }
});

describe('targets and methods', () => {
  for (const [target, path, query] of [
    ['http://other.example/a/b?c=d', '/a/b', 'c=d'],
    ['HTTPS://other.example', '/', ''],
    ['http://other.example?c', '/', 'c'],
    ['//a//b', '//a//b', ''],
    ['/a/../b%2Fc?d?e', '/a/../b%2Fc', 'd?e'],
    ['/?', '/', ''],
  ] as const) {
    test(`${target} is ${path} with the query \`${query}\``, async () => {
      const { port, requests } = await door();
      await exchange(port, `${head(target, '', 'GET')}${last}`);
      assert.deepEqual([requests[0]?.path, requests[0]?.rawQuery], [path, query]);
    });
  }

  test('HEAD is told the length and given no body', async () => {
    const { port } = await door();
    assert.match(await exchange(port, `${head('/x', '', 'HEAD')}${last}`), /content-length: 10\r\n(?:.*\r\n)*\r\n$/);
  });

  test('the asterisk form and strange methods reach the road, CONNECT is hung up on', async () => {
    const { port, requests } = await door();
    await exchange(port, `OPTIONS * HTTP/1.1\r\nHost: h\r\n${last}`);
    await exchange(port, `${head('/x', '', 'PROPFIND')}${last}`);
    assert.deepEqual(
      requests.map(({ method, path }) => [method, path]),
      [
        ['OPTIONS', '*'],
        ['PROPFIND', '/x'],
      ],
    );
    assert.equal(await exchange(port, `CONNECT a:1 HTTP/1.1\r\nHost: h\r\n${last}`), '');
  });
});

test('an answer in pieces arrives whole, in its turn, and HEAD is told its length', async () => {
  const long = Buffer.from('ä'.repeat(40_000));
  const pieces = ['{"a":"', long, '","b":"', long, '"}'];
  const whole = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString('latin1');
  const { port } = await door({
    async handle({ method, path }) {
      if (path === '/late') await new Promise((resolve) => setImmediate(resolve));
      return { status: 200, headers: [], body: path === '/short' ? `${method} short` : pieces };
    },
  });
  const ask = (path: string, more = '\r\n') => head(path, more, 'GET');
  const answers = await exchange(port, `${ask('/late')}${ask('/long')}${ask('/short')}${ask('/long', last)}`);
  const bodies = answers.split(/HTTP\/1.1 200 OK\r\n.*?\r\n\r\n/s).slice(1);
  assert.deepEqual(bodies, [whole, whole, 'GET short', whole]);
  assert.equal(answers.match(new RegExp(`content-length: ${whole.length}\r\n`, 'g'))?.length, 3);
  const told = await exchange(port, head('/long', last, 'HEAD'));
  assert.match(told, new RegExp(`content-length: ${whole.length}\r\n.*\r\n\r\n$`, 's'));
});

describe('connections', () => {
  test('carry one request after another, pipelined ones answered in order', async () => {
    const { port } = await door();
    const { socket, until } = await wire(port);
    socket.write(head('/1', 'Content-Length: 1\r\n\r\na') + head('/2', '\r\n', 'GET') + head('/3', '\r\n', 'GET'));
    const text = await until(/\/3 {2}0$/);
    assert.match(text, /POST \/1 {2}1.*GET \/2 {2}0.*GET \/3/s);
    socket.write(head('/4', '\r\n', 'GET'));
    await until(/\/4 {2}0$/);
  });

  test('get their answers in the order of their requests, whichever is ready first', async () => {
    const first = Promise.withResolvers<void>();
    const { port } = await door({
      async handle({ path }) {
        if (path === '/1') await first.promise;
        else first.resolve();
        return { status: 200, headers: [], body: `answer to ${path}.` };
      },
    });
    const { socket, until } = await wire(port);
    socket.write(head('/1', '\r\n', 'GET') + head('/2', '\r\n', 'GET') + head('/3', '\r\n', 'GET'));
    assert.match(await until(/\/3\.$/), /to \/1\..*to \/2\..*to \/3\.$/s);
  });

  test('that close while their answers wait to be written do no harm', async () => {
    const leaving: Socket[] = [];
    const { port } = await door({
      async handle({ path }) {
        if (path === '/gone') for (const socket of leaving) socket.destroy();
        return { status: 200, headers: [], body: 'answer' };
      },
    });
    for (let more = 0; more < 10; more += 1) {
      const { socket } = await wire(port);
      leaving.push(socket);
      socket.write(head('/gone', '\r\n', 'GET').repeat(3));
      await once(socket, 'close');
    }
    assert.match(await exchange(port, `${head('/x', '', 'GET')}${last}`), /200 OK.*answer$/s);
  });

  test('are closed where the answer cannot be written, and others are not', async () => {
    const { port } = await door({
      handle: async ({ path }) => ({
        status: 200,
        headers: path === '/bad' ? [['x-a', 'a\r\nb']] : [],
        body: 'answer',
      }),
    });
    const { socket, until } = await wire(port);
    socket.write(head('/good', '\r\n', 'GET'));
    await until(/answer$/);
    assert.equal(await exchange(port, head('/bad', '\r\n', 'GET')), '');
    socket.write(head('/good', '\r\n', 'GET'));
    await until(/answer.*answer$/s);
  });

  test('whose client leaves in the middle of a body never reach the road', async () => {
    const { port, requests } = await door();
    const { socket, closed } = await wire(port);
    socket.end(head('/x', 'Content-Length: 10\r\n\r\nabc'));
    await closed();
    assert.equal(requests.length, 0);
  });

  test('that dawdle over the header block or the body are timed out', async () => {
    const { port, requests } = await door({}, impatient);
    const started = [
      head('/x'),
      head('/x', 'Content-Length: 10\r\n\r\nabc'),
      head('/x', 'Transfer-Encoding: chunked\r\n\r\n1\r\na'),
    ];
    for (const text of await Promise.all(started.map((part) => exchange(port, part)))) {
      assert.match(text, /^HTTP\/1.1 408 /);
    }
    assert.equal(requests.length, 0);
  });

  test('that announce too large a body and dawdle over it are told so, and closed', async () => {
    const { port } = await door({}, impatient);
    assert.match(await exchange(port, head('/x', 'Content-Length: 2000000\r\n\r\nabc')), /^HTTP\/1.1 413 /);
  });

  test('that idle after an answer are closed', async () => {
    const { port } = await door({}, impatient);
    assert.match(await exchange(port, head('/x', '\r\n', 'GET')), /^HTTP\/1.1 200 /);
  });

  test('are closed without an answer when the road breaks its promise', async () => {
    const { port } = await door({ handle: () => Promise.reject(new Error('SECRET')) });
    assert.equal(await exchange(port, head('/x', '\r\n', 'GET')), '');
  });
});

describe('probes', () => {
  test('tell that the server lives, and whether it can serve', async () => {
    let ready = true;
    const { port, requests } = await door({ ready: async () => ready });
    const probe = (path: string) => exchange(port, `${head(path, '', 'GET')}${last}`);
    assert.match(await probe('/livez'), /^HTTP\/1.1 200 .*ok\n$/s);
    assert.match(await probe('/readyz?verbose'), /^HTTP\/1.1 200 /);
    ready = false;
    assert.match(await probe('/readyz'), /^HTTP\/1.1 503 .*not ready\n$/s);
    assert.match(await probe('/livez'), /^HTTP\/1.1 200 /);
    assert.equal(requests.length, 0);
    await probe('/livez/');
    assert.equal(requests.length, 1);
  });
});

describe('closing', () => {
  test('takes no new connection, and is not ready even where it was asked before', async () => {
    const asked = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<boolean>();
    const { port, door: open } = await door({
      ready() {
        asked.resolve();
        return ready.promise;
      },
    });
    const { socket, closed } = await wire(port);
    socket.write(head('/readyz', '\r\n', 'GET'));
    await asked.promise;
    const closing = open.close(4000);
    await refusedAt(port);
    ready.resolve(true);
    assert.match(await closed(), /^HTTP\/1.1 503 .*not ready/s);
    await closing;
  });

  test('answers what is under way, and does not wait for a connection that its client would keep', async () => {
    const under = Promise.withResolvers<() => void>();
    const { port, door: open } = await door({
      handle: () =>
        new Promise((resolve) => under.resolve(() => resolve({ status: 200, headers: [], body: 'late answer' }))),
    });
    const { socket, closed } = await wire(port);
    socket.write(head('/x', '\r\n', 'GET'));
    const release = await under.promise;
    const closing = open.close(20_000);
    release();
    assert.match(await closed(), /connection: close.*late answer$/is);
    await closing;
  });

  test('writes the answers that wait to be written, and says that they are the last', async () => {
    const closing = Promise.withResolvers<Promise<void>>();
    const { port, door: open } = await door({
      async handle() {
        closing.resolve(open.close(20_000));
        return { status: 200, headers: [], body: 'last answer' };
      },
    });
    assert.match(await exchange(port, head('/x', '\r\n', 'GET')), /connection: close.*last answer$/is);
    await await closing.promise;
  });

  test('does not cut off an answer that its client takes in slowly', async () => {
    const body = 'a'.repeat(16 * limit);
    const { port, door: open } = await door({ handle: async () => ({ status: 200, headers: [], body }) });
    const { socket, until, closed } = await wire(port);
    socket.write(head('/x', '\r\n', 'GET'));
    await until(/\r\n\r\n/);
    socket.pause();
    const idle = await wire(port);
    idle.socket.write(head('/livez', '\r\n', 'GET'));
    await idle.until(/ok\n$/);
    const closing = open.close(20_000);
    await idle.closed(); // it is closed as one that idles, and has idled for less time
    socket.resume();
    assert.ok((await closed()).endsWith(`\r\n\r\n${body}`));
    await closing;
  });

  test('a request that outlasts the grace is cut off', async () => {
    const under = Promise.withResolvers<void>();
    const { port, door: open } = await door({
      handle: () => {
        under.resolve();
        return new Promise(() => {});
      },
    });
    const { socket, closed } = await wire(port);
    socket.write(head('/x', '\r\n', 'GET'));
    await under.promise;
    await open.close(20);
    assert.equal(await closed(), '');
  });
});

test('where each request of a connection came from is told as it said, and is the same object while it says the same', async () => {
  const origins: Origin[] = [];
  const { port } = await door({
    async handle(_request, origin) {
      origins.push(origin);
      return { status: 200, headers: [], body: '' };
    },
  });
  const long = 'x'.repeat(100_000);
  const said = ['User-Agent: a\r\n', 'User-Agent: a\r\n', 'User-Agent: b\r\n', 'User-Agent: b\r\nReferer: r\r\n', ''];
  const longOnes = [`User-Agent: ${long}\r\n`, `User-Agent: ${long}\r\n`];
  const requests = [...said, ...longOnes].map((lines) => `${head('/x', lines, 'GET')}\r\n`);
  await exchange(port, `${requests.join('')}${head('/x', 'User-Agent: a\r\n', 'GET')}${last}`);
  const agents = origins.map(({ ip, userAgent, referer }) => [ip, userAgent.length, userAgent[0], referer]);
  const here = '127.0.0.1';
  const [a, b] = [
    [here, 1, 'a', undefined],
    [here, 1, 'b', undefined],
  ];
  const tooLong = [here, long.length, 'x', undefined];
  const none = [here, 0, undefined, undefined];
  assert.deepEqual(agents, [a, a, b, [here, 1, 'b', 'r'], none, tooLong, tooLong, a]);
  assert.equal(origins[0], origins[1]);
  assert.notEqual(origins[5], origins[6], 'a long text is not kept with an idle connection');
});
