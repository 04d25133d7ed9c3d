// The judge as a program: bytes in on stdin, lines out on stdout, whatever the cases are like.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCa } from '../pki.ts';
import { linesOf } from './lines.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

function judge(subcommand: string[], input: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...subcommand], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const lines = stdout.split('\n').filter(Boolean);
  return { status, stderr, verdicts: lines.map((line) => JSON.parse(line)) };
}

function lines(...cases: unknown[]): string {
  return cases.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
}

test('an unknown or missing subcommand is one line on stderr and exit code 2', () => {
  for (const words of [[], ['bogus'], ['toString']]) {
    const { status, stderr, verdicts } = judge(words, '{}\n');
    assert.equal(status, 2);
    assert.match(stderr, /^unknown subcommand .*sigv4-verify, sigv4x509-verify, raw-verify.*\n$/);
    assert.deepEqual(verdicts, []);
  }
});

test('words that a subcommand does not take are one line on stderr and exit code 2', () => {
  for (const [words, said] of [
    [['raw-verify', '--profile', 'generic'], /^raw-verify: unknown flag `--profile`: use none\n$/],
    [['x509-validate', 'generic'], /^x509-validate: unknown flag `generic`: use --profile .*--crl .*\n$/],
    [['x509-validate', '--profile', 'rfc'], /^x509-validate: `--profile rfc`: use one of rolesanywhere, generic\n$/],
    [['x509-validate', '--crl'], /^x509-validate: `--crl `: use one of soft, hard, none\n$/],
    [['x509-validate', '--crl=hard', '--crl', 'soft'], /^x509-validate: `--crl` is given twice\n$/],
    [['crl-status', '--toString', '1'], /^crl-status: unknown flag .*\n$/],
  ] as const) {
    const { status, stderr, verdicts } = judge([...words], '{}\n');
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr, said);
    assert.deepEqual(verdicts, []);
  }
});

test('x509-validate and crl-status answer whatever is in a record', () => {
  const ca = makeCa();
  const leaf = ca.issue();
  const [cert, anchor, crl] = [leaf.der, ca.der, ca.crl().der].map((bytes) => Buffer.from(bytes).toString('base64'));
  const record = { leaf: cert, anchors: [anchor], time: '2026-06-01T00:00:00Z' };
  const input = lines(
    { id: 1, ...record },
    { id: 2, ...record, intermediates: null, crls: null, eku: null, maxDepth: null, policy: null },
    { id: 3, ...record, crls: [crl, 'AAAA', '%', 7, null], intermediates: ['AAAA', '!', {}, null] },
    { id: 4, ...record, leaf: null },
    { id: 5, ...record, leaf: `${cert}=` },
    { id: 6, ...record, anchors: 'x' },
    { id: 7, ...record, time: 'never' },
    { id: 8, ...record, policy: { SetInitialPolicySet: '"NIST-test-policy-1"', SetInitialExplicitPolicy: 'true' } },
    { id: 9, ...record, policy: { toString: true } },
    { id: 10 },
    { id: 11, leaf: cert, anchors: [anchor], time: null },
  );
  const { status, verdicts } = judge(['x509-validate', '--profile=generic', '--crl', 'hard'], input);
  assert.equal(status, 0);
  assert.deepEqual(
    verdicts.map(({ id, result, code, certificate }) =>
      [id, result, code, certificate].filter((one) => one !== undefined),
    ),
    [
      [1, 'invalid', 'unknown', 'leaf'],
      [2, 'invalid', 'unknown', 'leaf'],
      [3, 'valid'],
      [4, 'invalid', 'malformedCertificate', 'leaf'],
      [5, 'invalid', 'malformedCertificate', 'leaf'],
      [6, 'error', 'BadInput'],
      [7, 'error', 'BadInput'],
      [8, 'invalid', 'policies', 'leaf'],
      [9, 'error', 'BadInput'],
      [10, 'invalid', 'malformedCertificate', 'leaf'],
      [11, 'invalid', 'unknown', 'leaf'],
    ],
  );
  const status3 = { issuers: [anchor], time: '2026-06-01T00:00:00Z', cert, crl };
  const odd = Buffer.from(ca.crl({ idp: {} }).der).toString('base64');
  const answers = judge(
    ['crl-status'],
    lines(
      status3,
      { ...status3, issuers: [] },
      { ...status3, crl: 'MAA=' },
      { ...status3, crl: null },
      { ...status3, crl: odd },
      { ...status3, cert: 'AAAA' },
      {},
    ),
  ).verdicts;
  assert.deepEqual(
    answers.map(({ result, malformed, code }) => [result, malformed, code]),
    [
      ['GOOD', false, 'notListed'],
      ['UNKNOWN', false, 'noSigner'],
      ['malformed', true, 'malformed'],
      ['malformed', true, 'badPem'],
      ['UNKNOWN', false, 'unreadableExtension'],
      ['UNKNOWN', false, 'malformedCertificate'],
      ['malformed', true, 'badPem'],
    ],
  );
});

test('x509-validate blames a certificate by its place in the record, and lifts the limit of the header', () => {
  const root = makeCa({ subject: 'CN=Root' });
  const middle = root.issueCa({ subject: 'CN=Middle', notAfter: '2026-02-01T00:00:00Z' });
  const strangers = Array.from({ length: 6 }, () => makeCa());
  const base64 = (list: readonly { readonly der: Uint8Array }[]) =>
    list.map(({ der }) => Buffer.from(der).toString('base64'));
  const record = (leaf: { readonly der: Uint8Array }) => ({
    leaf: base64([leaf])[0],
    intermediates: ['AAAA', ...base64([...strangers, middle])],
    anchors: base64([root]),
    time: '2026-06-01T00:00:00Z',
  });
  const [late, direct] = judge(
    ['x509-validate', '--crl', 'none'],
    lines(record(middle.issue()), record(root.issue())),
  ).verdicts;
  assert.deepEqual(
    [late.result, late.code, late.certificate, late.fingerprint, late.rule],
    ['invalid', 'expired', 'intermediates[7]', middle.certificate.fingerprint, 'RFC 5280 §6.1.3(a)(2)'],
  );
  assert.equal(direct.result, 'valid');
});

test('bad cases are answered in their place and the judge goes on', () => {
  const mac = { algorithm: 'HMACSHA256', key: '00', msg: '', sig: createHmac('sha256', '\0').digest('hex') };
  const input = lines(
    '{"id":',
    '[]',
    { id: 'x' },
    '',
    { id: 'big', algorithm: 'x'.repeat(3_000_000) },
    { id: 7, ...mac },
  );
  const { status, verdicts } = judge(['raw-verify'], input);
  assert.equal(status, 0);
  assert.deepEqual(
    verdicts.map(({ id, result, code }) => [id, result, code]),
    [
      [null, 'error', 'BadInput'],
      [null, 'error', 'BadInput'],
      ['x', 'error', 'BadInput'],
      ['big', 'invalid', 'UnsupportedAlgorithm'],
      [7, 'valid', undefined],
    ],
  );
  assert.ok(verdicts.every(({ ms }) => typeof ms === 'number' && ms >= 0));
});

test('cases without the members a subcommand reads are bad input', () => {
  const request = { method: 'GET', path: '/', headers: [['Host', 'h']] };
  const wrong = lines(
    { id: 1 },
    { id: 2, request: { ...request, headers: [['Host']] } },
    { id: 3, request: { ...request, headers: 'Host' } },
    { id: 4, request, now: 'yesterday', credentials: {} },
    { id: 5, request: [], now: '2026-01-01T00:00:00Z', credentials: {} },
  );
  for (const subcommand of ['sigv4-verify', 'sigv4x509-verify']) {
    const codes = judge([subcommand], wrong).verdicts.map(({ code }) => code);
    assert.deepEqual(codes, Array(5).fill('BadInput'));
  }
});

test('raw-verify takes the usual spellings of an algorithm and refuses what it does not know', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const message = Buffer.from('message');
  const raw = (id: string, algorithm: string, pair: typeof ec, hash = 'sha256') => ({
    id,
    algorithm,
    spki: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('hex'),
    msg: message.toString('hex'),
    sig: sign(hash, message, pair.privateKey).toString('hex'),
  });
  const ecNames = ['ECDSA', 'ecdsa-sha256', 'SHA256withECDSA', 'ecdsa_secp256r1_sha256', 'AWS4-X509-ECDSA-SHA256'];
  const rsaNames = [
    'RSASSA-PKCS1-v1_5',
    'RSA-SHA256',
    'SHA256withRSA',
    'rsa_signature_2048_sha256',
    'AWS4-X509-RSA-SHA256',
  ];
  const good = [
    ...ecNames.map((name) => raw(name, name, ec)),
    ...rsaNames.map((name) => raw(name, name, rsa)),
    raw('ECDSA-SHA384', 'ECDSA-SHA384', ec, 'sha384'),
    raw('SHA512withRSA', 'SHA512withRSA', rsa, 'sha512'),
  ];
  const unknown = ['RSASSA-PSS', 'RSA-SHA1', 'SHA224withECDSA', 'Ed25519', 'AWS4-X509-RSA-SHA512', 'none', ''];
  const bad = [
    ...unknown.map((name) => raw(name, name, rsa)),
    { ...raw('hex', 'ECDSA', ec), sig: '3' },
    { ...raw('spki', 'ECDSA', ec), spki: '3000' },
    raw('type', 'ECDSA', rsa),
    raw('hash', 'ECDSA-SHA512', ec),
  ];
  const { verdicts } = judge(['raw-verify'], lines(...good, ...bad));
  assert.deepEqual(
    verdicts.map(({ code }) => code),
    [
      ...good.map(() => undefined),
      ...unknown.map(() => 'UnsupportedAlgorithm'),
      'MalformedHex',
      'malformedKey',
      'keyMismatch',
      'mismatch',
    ],
  );
});

test('a MAC may be cut to half its digest, but not under its AWS4 name', () => {
  const tag = createHmac('sha256', 'k').update('m').digest('hex');
  const mac = (algorithm: string, sig: string) => ({
    id: sig,
    algorithm,
    key: '6b',
    msg: '6d',
    sig,
  });
  const { verdicts } = judge(
    ['raw-verify'],
    lines(
      mac('HMAC-SHA256', tag),
      mac('HMACSHA256', tag.slice(0, 32)),
      mac('HMACSHA256', tag.slice(0, 30)),
      mac('HMACSHA256', `${tag}00`),
      mac('HMACSHA256', ''),
      mac('HMAC-SHA384', tag),
      mac('AWS4-HMAC-SHA256', tag),
      mac('AWS4-HMAC-SHA256', tag.slice(0, 32)),
    ),
  );
  assert.deepEqual(
    verdicts.map(({ result }) => result),
    ['valid', 'valid', 'invalid', 'invalid', 'invalid', 'invalid', 'valid', 'invalid'],
  );
});

test('lines end at line feeds only, wherever the chunks are cut', async () => {
  const bytes = Buffer.from('a\u2028b\r\n\nçé\u2029\nlast');
  async function* cut(size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for (const size of [1, 2, 3, 5, 100]) {
    const found: string[] = [];
    for await (const line of linesOf(cut(size))) found.push(line);
    assert.deepEqual(found, ['a\u2028b\r', '', 'çé\u2029', 'last']);
  }
});
