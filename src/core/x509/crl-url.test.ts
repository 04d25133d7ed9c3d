// The allow-list of revocation lists against what strangers write into URLs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CrlPlaces, crlHostOf, judgeCrlUrl } from './crl-url.ts';

const host = (text: string) => {
  const parsed = crlHostOf(text);
  assert.ok(parsed, text);
  return parsed;
};
const places: CrlPlaces = {
  hosts: ['crl.example.com', 'pki.example.com:8080', '[::1]:9000', '10.0.0.7', 'both.example.com:443'].map(host),
  directories: ['/srv/crl', '/etc/pki'],
};
const judged = (text: string) => {
  const verdict = judgeCrlUrl(text, places);
  return verdict.ok ? verdict.url : verdict.reason;
};

test('a listed host is allowed on its port and on no other', () => {
  for (const [text, href] of [
    ['http://crl.example.com/a.crl', 'http://crl.example.com/a.crl'],
    ['HTTPS://CRL.example.COM/a.crl?x=1', 'https://crl.example.com/a.crl?x=1'],
    ['https://crl.example.com:443/a.crl', 'https://crl.example.com/a.crl'],
    ['http://crl.example.com', 'http://crl.example.com/'],
    ['http://pki.example.com:8080/', 'http://pki.example.com:8080/'],
    ['http://[::1]:9000/ca.crl', 'http://[::1]:9000/ca.crl'],
    ['http://10.0.0.7/ca.crl', 'http://10.0.0.7/ca.crl'],
    ['https://both.example.com/', 'https://both.example.com/'],
  ] as const) {
    const url = judged(text);
    assert.equal(typeof url === 'object' && url.href, href, text);
  }
  for (const text of [
    'http://crl.example.com:8080/a.crl',
    'http://crl.example.com:443/',
    'https://crl.example.com:80/',
    'http://pki.example.com/',
    'https://pki.example.com/',
    'http://both.example.com/',
    'http://[::1]/',
    'http://[::2]:9000/',
    'http://10.0.0.70/',
  ])
    assert.equal(judged(text), 'hostNotAllowed', text);
});

test('what only looks like a listed host is refused', () => {
  for (const [text, reason] of [
    ['http://crl.example.com.evil.test/', 'hostNotAllowed'],
    ['http://evil-crl.example.com/', 'hostNotAllowed'],
    ['http://sub.crl.example.com/', 'hostNotAllowed'],
    ['http://crl.example.com./', 'hostNotAllowed'],
    ['http://169.254.169.254/latest/meta-data/', 'hostNotAllowed'],
    ['http://localhost/', 'hostNotAllowed'],
    ['http://user@crl.example.com/', 'credentials'],
    ['http://crl.example.com@evil.test/', 'credentials'],
    ['http://crl.example.com:80@evil.test/', 'credentials'],
    ['http://:secret@crl.example.com/', 'credentials'],
    ['http://@crl.example.com/', 'credentials'],
    ['http://crl.example.com\\@evil.test/', 'notUrl'],
    ['http://evil.test\\.crl.example.com/', 'notUrl'],
    ['http://crl.example.com#@evil.test/', 'notUrl'],
    ['http://crl%2eexample.com/', 'ambiguous'],
    ['http://%63rl.example.com/', 'ambiguous'],
    ['http://0x0a000007/', 'ambiguous'],
    ['http://167772167/', 'ambiguous'],
    ['http://012.0.0.7/', 'ambiguous'],
    ['http://10.7/', 'ambiguous'],
    ['http://[0:0::1]:9000/', 'ambiguous'],
    ['http://[::ffff:10.0.0.7]/', 'ambiguous'],
    ['http://crl.example.com\u3002evil.test/', 'notUrl'],
    ['http://\u212arl.example.com/', 'notUrl'],
    ['http://crl.ex\u00adample.com/', 'notUrl'],
    ['http://crl.example.com/\r\nHost: evil.test', 'notUrl'],
    ['http://crl.example.com/ a', 'notUrl'],
    [' http://crl.example.com/', 'notUrl'],
    ['h\tttp://crl.example.com/', 'notUrl'],
    ['http:/crl.example.com/', 'notUrl'],
    ['http:crl.example.com', 'notUrl'],
    ['http:///crl.example.com/', 'ambiguous'],
    ['//crl.example.com/', 'notUrl'],
    ['crl.example.com', 'notUrl'],
    ['', 'notUrl'],
    ['http://', 'notUrl'],
    ['http://crl.example.com:99999/', 'notUrl'],
    ['http://[::1/', 'notUrl'],
    [`http://crl.example.com/${'a'.repeat(2048)}`, 'notUrl'],
    ['ldap://crl.example.com/cn=CA', 'unsupportedScheme'],
    ['ftp://crl.example.com/a.crl', 'unsupportedScheme'],
    ['gopher://crl.example.com/', 'unsupportedScheme'],
    ['data://crl.example.com/', 'unsupportedScheme'],
    ['javascript://crl.example.com/', 'unsupportedScheme'],
  ] as const)
    assert.equal(judged(text), reason, text);
});

test('a file is allowed below a listed directory, and where its URL says plainly which it is', () => {
  for (const [text, path] of [
    ['file:///srv/crl/ca.crl', '/srv/crl/ca.crl'],
    ['FILE:///srv/crl/sub/ca%20one.crl', '/srv/crl/sub/ca one.crl'],
    ['file:///etc/pki/a..b.crl', '/etc/pki/a..b.crl'],
  ] as const) {
    const url = judged(text);
    assert.equal(typeof url === 'object' && url.kind === 'file' && url.path, path, text);
  }
  for (const [text, reason] of [
    ['file:///etc/passwd', 'directoryNotAllowed'],
    ['file:///srv/crl', 'directoryNotAllowed'],
    ['file:///srv/crl2/ca.crl', 'directoryNotAllowed'],
    ['file:///srv/ca.crl', 'directoryNotAllowed'],
    ['file:///srv/crl/', 'ambiguous'],
    ['file:///srv/crl/../../etc/passwd', 'ambiguous'],
    ['file:///srv/crl/%2e%2e/%2E%2E/etc/passwd', 'ambiguous'],
    ['file:///srv/crl/./ca.crl', 'ambiguous'],
    ['file:///srv/crl//ca.crl', 'ambiguous'],
    ['file:////srv/crl/ca.crl', 'ambiguous'],
    ['file:///srv/crl/..%2f..%2fetc/passwd', 'ambiguous'],
    ['file:///srv/crl/a%5cb', 'ambiguous'],
    ['file:///srv/crl/ca.crl%00.txt', 'ambiguous'],
    ['file:///srv/crl/%ff', 'ambiguous'],
    ['file:///srv/crl/ca.crl?x', 'ambiguous'],
    ['file://host/srv/crl/ca.crl', 'ambiguous'],
    ['file://localhost/srv/crl/ca.crl', 'ambiguous'],
    ['file:/srv/crl/ca.crl', 'notUrl'],
    ['file:///srv/crl\\..\\..\\etc', 'notUrl'],
  ] as const)
    assert.equal(judged(text), reason, text);
});

test('an empty allow-list allows nothing', () => {
  for (const text of ['http://crl.example.com/', 'https://crl.example.com/', 'file:///srv/crl/ca.crl'])
    assert.equal(judgeCrlUrl(text, { hosts: [], directories: [] }).ok, false);
});

test('a host is listed in its normal form or not at all', () => {
  assert.deepEqual(crlHostOf('crl.example.com'), { hostname: 'crl.example.com', port: undefined });
  assert.deepEqual(crlHostOf('[2001:db8::1]:81'), { hostname: '[2001:db8::1]', port: 81 });
  for (const text of [
    '',
    'CRL.example.com',
    'crl.example.com.',
    '*.example.com',
    '*',
    'http://crl.example.com',
    'crl.example.com/',
    'user@crl.example.com',
    'crl.example.com:',
    'crl.example.com:0',
    'crl.example.com:65536',
    '::1',
    '[::1',
    '[0:0::1]',
    '0x7f000001',
    '127.1',
    'bücher.example',
    'a b',
  ])
    assert.equal(crlHostOf(text), undefined, text);
});
