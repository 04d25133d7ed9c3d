// Proxies: which one leads to a host, the way through it, and what is said when it does not let anybody pass. The whole is asked
// as it is on a host of a company: AWS's own endpoint, and nothing but the environment.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { forwardProxy } from '../../test/forward-proxy.ts';
import { makeCa } from '../../test/pki.ts';
import { createSession } from './create-session.ts';
import { RolesAnywhereError } from './errors.ts';
import type { RolesAnywhereOptions } from './options.ts';
import { isExempt, proxyFor } from './proxy.ts';
import {
  answering,
  arns,
  credentials,
  goodOptions,
  leaf,
  scripted,
  scriptedTls,
  stillWorld,
  success,
} from './rig.test.ts';

const host = 'rolesanywhere.eu-central-1.amazonaws.com';
const authority = `${host}:443`;
const webCa = makeCa({ subject: 'CN=Web CA' });
const web = webCa.issue({ subject: `CN=${host}`, san: { dns: [host] }, eku: ['serverAuth'] });

/** The octets of an address, as certificates hold them. */
const ip = (text: string) => Uint8Array.from(text.split('.'), Number);

/** AWS's own endpoint, by the environment alone. */
function byEnvironment(environment: Readonly<Record<string, string>>): RolesAnywhereOptions {
  return { ...arns, certificate: leaf.pem, privateKey: leaf.keyPem, ca: webCa.pem, world: stillWorld(environment) };
}

async function refusalOf(options: RolesAnywhereOptions): Promise<RolesAnywhereError> {
  const outcome = await createSession(options).catch((error) => error);
  assert.ok(outcome instanceof RolesAnywhereError, String(outcome));
  assert.doesNotMatch(`${outcome.stack}${outcome.cause}`, /hunter2|aHVudGVy|open%20sesame/);
  return outcome;
}

describe('which proxy leads to a host', () => {
  const https = new URL(`https://${host}`);
  const http = new URL('http://anyrole.example:4747');
  for (const [what, url, said, environment, expected] of [
    ['none is named', https, undefined, {}, undefined],
    ['HTTPS_PROXY', https, undefined, { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['https_proxy', https, undefined, { https_proxy: 'http://p:3128' }, 'http://p:3128/'],
    ['the lower case first', https, undefined, { https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }, 'http://a/'],
    ['an empty lower case is none', https, undefined, { https_proxy: '', HTTPS_PROXY: 'http://b' }, 'http://b/'],
    ['not the one of the other scheme', https, undefined, { HTTP_PROXY: 'http://p' }, undefined],
    ['HTTP_PROXY for http', http, undefined, { HTTP_PROXY: 'http://p' }, 'http://p/'],
    ['not HTTPS_PROXY for http', http, undefined, { HTTPS_PROXY: 'http://p' }, undefined],
    ['not HTTP_PROXY below a CGI', http, undefined, { HTTP_PROXY: 'http://p', REQUEST_METHOD: 'GET' }, undefined],
    ['a host without a scheme', https, undefined, { HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128/'],
    ['name and password', https, undefined, { HTTPS_PROXY: 'me:hunter2@p:1' }, 'http://me:hunter2@p:1/'],
    ['an empty variable', https, undefined, { HTTPS_PROXY: '' }, undefined],
    ['what is said wins', https, 'http://said', { HTTPS_PROXY: 'http://p' }, 'http://said/'],
    ['what is said asks no NO_PROXY', https, 'http://said', { NO_PROXY: '*' }, 'http://said/'],
    ['none, when that is said', https, false, { HTTPS_PROXY: 'http://p' }, undefined],
    ['none, when NO_PROXY exempts', https, undefined, { HTTPS_PROXY: 'http://p', NO_PROXY: host }, undefined],
    ['no_proxy', https, undefined, { HTTPS_PROXY: 'http://p', no_proxy: '.amazonaws.com' }, undefined],
  ] as const) {
    test(what, () => assert.equal(proxyFor(url, said, environment)?.href, expected));
  }

  for (const value of [
    'socks5://me:hunter2@p:1080',
    'ftp://p',
    'http://',
    'http://p:99999',
    'http://me:hunter2%@p',
    '://',
  ]) {
    test(`a value that is no proxy is refused untold: ${value.split('hunter2').join('…')}`, () => {
      for (const [said, environment] of [
        [value, {}],
        [undefined, { HTTPS_PROXY: value }],
      ] as const)
        assert.throws(
          () => proxyFor(https, said, environment),
          (error) =>
            error instanceof RolesAnywhereError &&
            error.code === 'InvalidOptions' &&
            !error.message.includes('hunter2'),
        );
    });
  }
});

describe('NO_PROXY', () => {
  for (const [url, list, exempt] of [
    ['https://a.example', 'a.example', true],
    ['https://b.a.example', 'a.example', true],
    ['https://b.a.example', '.a.example', true],
    ['https://b.a.example', '*.a.example', true],
    ['https://a.example', '.a.example', true],
    ['https://ba.example', 'a.example', false],
    ['https://a.example.com', 'a.example', false],
    ['https://A.Example', 'a.EXAMPLE', true],
    ['https://a.example', '*', true],
    ['https://a.example', 'x, *', true],
    ['https://a.example', '', false],
    ['https://a.example', ' , ,', false],
    ['https://a.example', '.', false],
    ['https://a.example', 'x,a.example', true],
    ['https://a.example', 'x a.example\ty', true],
    ['https://a.example', 'a.example:443', true],
    ['http://a.example', 'a.example:443', false],
    ['http://a.example', 'a.example:80', true],
    ['https://a.example:8443', 'a.example:443', false],
    ['https://a.example:8443', 'a.example:8443', true],
    ['https://a.example:8443', 'a.example', true],
    ['https://10.1.2.3', '10.1.2.3', true],
    ['https://10.1.2.3', '10.1.2.4', false],
    ['https://10.1.2.3', '2.3', false],
    ['https://10.1.2.3', '10.0.0.0/8', true],
    ['https://11.1.2.3', '10.0.0.0/8', false],
    ['https://10.1.2.3', '10.1.2.2/31', true],
    ['https://10.1.2.3', '10.1.2.0/31', false],
    ['https://10.1.2.3', '0.0.0.0/0', true],
    ['https://10.1.2.3', '10.0.0.0/33', false],
    ['https://10.1.2.3', '10.0.0.0/', false],
    ['https://10.1.2.3', '10.0.0.0/x', false],
    ['https://10.1.2.3', '::/0', false],
    ['https://a.example', '0.0.0.0/0', false],
    ['https://[fd00::1]', 'fd00::1', true],
    ['https://[fd00::1]', '[fd00::1]', true],
    ['https://[fd00::1]', '[fd00::1]:443', true],
    ['https://[fd00::1]', '[fd00::1]:8443', false],
    ['https://[fd00::1]', 'fd00:0:0::1', true],
    ['https://[fd00::1]', 'fd00::/8', true],
    ['https://[fe80::1]', 'fd00::/8', false],
    ['http://localhost:4747', '', true],
    ['http://127.0.0.1:4747', '', true],
    ['http://127.9.9.9', '', true],
    ['http://[::1]:4747', '', true],
    ['http://localhost.example', '', false],
  ] as const) {
    test(`\`${list}\` ${exempt ? 'exempts' : 'does not exempt'} ${url}`, () => {
      assert.equal(isExempt(new URL(url), list), exempt);
    });
  }
});

describe('the way through', () => {
  test("CONNECT leads to AWS's own host, by the environment alone, and the proxy sees nothing but its name", async () => {
    await using server = await scriptedTls(web, success);
    await using proxy = await forwardProxy({ routes: { [authority]: server.port } });
    assert.equal((await createSession(byEnvironment({ HTTPS_PROXY: proxy.url }))).accessKeyId, credentials.accessKeyId);
    assert.deepEqual(proxy.passed, [{ line: `CONNECT ${authority}`, authorization: undefined, sni: host }]);
    assert.equal(server.asked[0]?.headers.host, host);
    assert.equal(server.asked[0]?.headers['proxy-authorization'], undefined);
  });

  for (const [partition, region, environment, there] of [
    ['aws-cn', 'cn-north-1', {}, 'rolesanywhere.cn-north-1.amazonaws.com.cn'],
    [
      'aws-cn',
      'cn-north-1',
      { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      'rolesanywhere.cn-north-1.api.amazonwebservices.com.cn',
    ],
    [
      'aws-us-gov',
      'us-gov-west-1',
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      'rolesanywhere-fips.us-gov-west-1.amazonaws.com',
    ],
    ['aws-iso-f', 'us-isof-south-1', {}, 'rolesanywhere.us-isof-south-1.csp.hci.ic.gov'],
    ['aws-eusc', 'eusc-de-east-1', {}, 'rolesanywhere.eusc-de-east-1.amazonaws.eu'],
  ] as const) {
    test(`of the partition that the ARNs name, ${there}`, async () => {
      const certificate = webCa.issue({ san: { dns: [there] }, eku: ['serverAuth'] });
      await using server = await scriptedTls(certificate, success);
      await using proxy = await forwardProxy({ routes: { [`${there}:443`]: server.port } });
      const moved = Object.entries(arns).map(([name, arn]) => [
        name,
        arn.replace('arn:aws:', `arn:${partition}:`).replace('eu-central-1', region),
      ]);
      const options = byEnvironment({ HTTPS_PROXY: proxy.url, ...environment });
      await createSession({ ...options, ...Object.fromEntries(moved) });
      assert.deepEqual(proxy.passed, [{ line: `CONNECT ${there}:443`, authorization: undefined, sni: there }]);
      assert.match(server.asked[0]?.headers.authorization ?? '', new RegExp(`/${region}/rolesanywhere/`));
    });
  }

  test('a name and password are shown to the proxy, and to nobody else', async () => {
    await using server = await scriptedTls(web, success);
    const authorization = `Basic ${Buffer.from('me:open sesame/hunter2').toString('base64')}`;
    await using proxy = await forwardProxy({ routes: { [authority]: server.port }, authorization });
    const url = `http://me:open%20sesame%2Fhunter2@127.0.0.1:${proxy.port}`;
    await createSession(byEnvironment({ https_proxy: url }));
    assert.equal(server.asked.length, 1);
    assert.doesNotMatch(JSON.stringify(server.asked), /proxy|Basic/i);
  });

  test('without TLS the proxy is asked for the whole URL, signed for the host', async () => {
    await using server = await scripted(success);
    const authorization = `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
    await using proxy = await forwardProxy({ routes: { 'anyrole.example:8080': server.port }, authorization });
    const HTTP_PROXY = `me:hunter2@127.0.0.1:${proxy.port}`;
    await createSession(goodOptions('http://anyrole.example:8080/pre', stillWorld({ HTTP_PROXY })));
    assert.match(proxy.passed[0]?.line ?? '', /^POST http:\/\/anyrole\.example:8080\/pre\/sessions\?profileArn=/);
    assert.equal(server.asked[0]?.headers.host, 'anyrole.example:8080');
  });

  test('a proxy may itself want TLS, by a name or an address', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const tls = webCa.issue({
        san: name === 'localhost' ? { dns: [name] } : { ip: [ip(name)] },
        eku: ['serverAuth'],
      });
      await using server = await scriptedTls(web, success);
      const routes = { [authority]: server.port };
      await using proxy = await forwardProxy({ routes, tls: { cert: tls.pem, key: tls.keyPem } });
      await createSession(byEnvironment({ HTTPS_PROXY: `https://${name}:${proxy.port}` }));
      assert.equal(proxy.passed[0]?.sni, host);
    }
  });

  test('and then for the whole URL, too', async () => {
    const tls = webCa.issue({ san: { ip: [ip('127.0.0.1')] }, eku: ['serverAuth'] });
    await using server = await scripted(success);
    const routes = { 'anyrole.example:80': server.port };
    await using proxy = await forwardProxy({ routes, tls: { cert: tls.pem, key: tls.keyPem } });
    const good = goodOptions('http://anyrole.example', stillWorld({ HTTP_PROXY: proxy.url }));
    await createSession({ ...good, ca: webCa.pem });
    assert.match(proxy.passed[0]?.line ?? '', /^POST http:\/\/anyrole\.example\/sessions/);
    assert.equal((await refusalOf({ ...good, maxAttempts: 1 })).code, 'NotReached');
    assert.equal(server.asked.length, 1);
  });

  test('an endpoint that is an address names nobody in the handshake', async () => {
    const address = webCa.issue({ san: { ip: [ip('192.0.2.7')] }, eku: ['serverAuth'] });
    await using server = await scriptedTls(address, success);
    await using proxy = await forwardProxy({ routes: { '192.0.2.7:443': server.port } });
    const options = byEnvironment({ HTTPS_PROXY: proxy.url });
    const warnings: unknown[] = [];
    const warned = (warning: unknown) => warnings.push(warning);
    process.on('warning', warned);
    await createSession({ ...options, endpoint: 'https://192.0.2.7' });
    process.off('warning', warned);
    assert.deepEqual(proxy.passed, [{ line: 'CONNECT 192.0.2.7:443', authorization: undefined }]);
    assert.deepEqual(warnings, []);
  });

  test('what NO_PROXY exempts is asked without it', async () => {
    await using server = await scripted(success);
    await using proxy = await forwardProxy({ routes: {} });
    await createSession(goodOptions(server.url, stillWorld({ HTTP_PROXY: proxy.url })));
    assert.deepEqual([proxy.passed.length, server.asked.length], [0, 1]);
  });
});

/** What answers CONNECT by a script, byte for byte. */
async function crooked(answer: (socket: Socket) => void) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (head) => {
      asked.push(head.toString('latin1'));
      answer(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    url: `http://me:hunter2@127.0.0.1:${address.port}`,
    host: `127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('a proxy that does not let anybody pass is named, without its password', () => {
  for (const [what, answer, attempts, message] of [
    [
      '407',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      1,
      /refuses CONNECT \(status 407\); the proxy wants a name and/,
    ],
    [
      '403',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
      1,
      /\(status 403\); look into the rules of the proxy/,
    ],
    ['502', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 3, /refuses CONNECT \(status 502\)/],
    ['503', 'HTTP/1.0 503 \r\n\r\n', 3, /refuses CONNECT \(status 503\)/],
    ['an answer that is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 3, /answers CONNECT with what is no HTTP/],
    ['an answer without end', 'x'.repeat(20_000), 3, /broke the connection: its answer is too long/],
    ['an answer that is cut off', 'HTTP/1.1 200 OK\r\nServ', 3, /broke the connection: it ended before its answer did/],
    ['nothing', '', 3, /broke the connection: it ended before its answer did/],
  ] as const) {
    test(`it answers ${what}`, async () => {
      await using proxy = await crooked((socket) => void socket.end(answer));
      const error = await refusalOf(byEnvironment({ HTTPS_PROXY: proxy.url }));
      assert.equal(error.code, 'NotReached');
      assert.match(error.message, message);
      assert.ok(error.message.includes(`the proxy \`${proxy.host}\``), error.message);
      assert.equal(proxy.asked.length, attempts);
      assert.match(
        proxy.asked[0] ?? '',
        new RegExp(`^CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\nProxy-Authorization`),
      );
    });
  }

  test('it resets the connection, before its answer and behind it', async () => {
    for (const said of ['', 'HTTP/1.1 200 OK\r\n\r\n']) {
      await using proxy = await crooked((socket) => socket.write(said, () => socket.resetAndDestroy()));
      assert.equal((await refusalOf(byEnvironment({ HTTPS_PROXY: proxy.url }))).code, 'NotReached');
    }
  });

  test('it never answers, or nothing comes behind its answer', async () => {
    for (const said of ['', 'HTTP/1.1 200 OK\r\n\r\n']) {
      await using proxy = await crooked((socket) => void socket.write(said));
      const options = { ...byEnvironment({ HTTPS_PROXY: proxy.url }), timeoutMilliseconds: 50, maxAttempts: 1 };
      const error = await refusalOf(options);
      assert.equal(error.code, 'TimedOut');
      assert.ok(
        error.message.includes(`\`${host}\` did not answer within 50 ms; look whether the proxy \`${proxy.host}\``),
      );
    }
  });

  test('nothing listens there', async () => {
    const gone = await forwardProxy({ routes: {} });
    await gone[Symbol.asyncDispose]();
    const message = new RegExp(
      `the proxy \`127.0.0.1:${gone.port}\` cannot be reached: ECONNREFUSED; .*is the proxy up`,
    );
    assert.match((await refusalOf(byEnvironment({ HTTPS_PROXY: gone.url }))).message, message);
    const plain = goodOptions('http://anyrole.example', stillWorld({ HTTP_PROXY: gone.url }));
    assert.match((await refusalOf(plain)).message, message);
  });

  test('its own certificate is of nobody that is known', async () => {
    const tls = makeCa({ subject: 'CN=Stranger' }).issue({ san: { ip: [ip('127.0.0.1')] }, eku: ['serverAuth'] });
    await using proxy = await forwardProxy({ routes: {}, tls: { cert: tls.pem, key: tls.keyPem } });
    const error = await refusalOf(byEnvironment({ HTTPS_PROXY: proxy.url }));
    assert.match(error.message, /the proxy `.*` cannot be reached: .*; the proxy's certificate leads to no authority/);
    assert.deepEqual(proxy.passed, []);
  });

  test('without TLS its refusal is the answer, and says whose it is', async () => {
    await using proxy = await forwardProxy({ routes: {}, authorization: 'Basic none' });
    const error = await refusalOf(goodOptions('http://anyrole.example', stillWorld({ HTTP_PROXY: proxy.url })));
    assert.deepEqual([error.code, error.hint], ['HttpStatus407', 'the proxy wants a name and a password in its URL']);
    assert.equal(proxy.passed.length, 1);
  });
});

test('what the host behind the proxy says is not taken for the proxy’s', async () => {
  await using server = await scriptedTls(web, answering(407, ''));
  await using proxy = await forwardProxy({ routes: { [authority]: server.port } });
  assert.equal((await refusalOf(byEnvironment({ HTTPS_PROXY: proxy.url }))).code, 'HttpStatus407');
});
