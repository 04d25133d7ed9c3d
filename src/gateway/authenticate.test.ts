// Who signs: every way to fail, in both protocols' words, and the seconds at which a signature begins and ends.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Keys, type Options, region, testRoad } from '../../test/road.ts';
import type { HeaderPair, WireRequest } from '../protocols/protocol.ts';
import { keysOf, webSession } from './session.test.ts';

const codes = {
  missing: [403, 'MissingAuthenticationTokenException', 403, 'MissingAuthenticationToken'],
  incomplete: [403, 'IncompleteSignatureException', 403, 'IncompleteSignature'],
  wrong: [403, 'InvalidSignatureException', 403, 'SignatureDoesNotMatch'],
  unknown: [403, 'UnrecognizedClientException', 403, 'InvalidClientTokenId'],
  expired: [403, 'ExpiredTokenException', 403, 'ExpiredToken'],
} as const;

type Kind = keyof typeof codes;
/** Asks in both protocols and compares code, status and sentence. */
async function refused(kind: Kind, message: string | RegExp, options: Options, at?: string): Promise<void> {
  const road = await testRoad();
  const early = { ...options, keys: options.keys ?? road.root };
  if (at !== undefined) road.at(at);
  const [restStatus, restCode, queryStatus, queryCode] = codes[kind];
  const rest = await road.rest('GET', '/profiles', undefined, early);
  const query = await road.query('sts', 'GetCallerIdentity', {}, early);
  assert.deepEqual([rest.status, rest.code, query.status, query.code], [restStatus, restCode, queryStatus, queryCode]);
  for (const told of [rest.message ?? '', query.message ?? '']) {
    if (typeof message === 'string') assert.equal(told, message);
    else assert.match(told, message);
  }
  assert.deepEqual(await road.events(), []);
}

const header = (name: string, change: (value: string) => string | undefined) => (request: WireRequest) => ({
  ...request,
  headers: request.headers.flatMap(([key, value]): HeaderPair[] => {
    const changed = key.toLowerCase() === name ? change(value) : value;
    return changed === undefined ? [] : [[key, changed]];
  }),
});
const authorization = (from: RegExp, to: string): Options => ({
  tamper: header('authorization', (value) => value.replace(from, to)),
});
const adding = (...pairs: HeaderPair[]): Options => ({
  tamper: (request) => ({ ...request, headers: [...request.headers, ...pairs] }),
});
const query = (from: RegExp, to: string): Options => ({
  presigned: true,
  tamper: (request) => ({ ...request, rawQuery: request.rawQuery.replace(from, to) }),
});

const noMatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
const unknownKey = 'The security token included in the request is invalid.';
const needs = (...parts: string[]) =>
  parts.map((part) => `Authorization header requires '${part}' parameter.`).join(' ');
const noDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
const credential = 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.';

describe('an unreadable signature', () => {
  test('that is absent is missing, in the words of each protocol', async () => {
    const road = await testRoad();
    const rest = await road.rest('GET', '/profiles', undefined, { unsigned: true });
    assert.deepEqual([rest.status, rest.code, rest.message], [403, codes.missing[1], 'Missing Authentication Token']);
    const asked = await road.query('sts', 'GetCallerIdentity', {}, { unsigned: true });
    assert.deepEqual(
      [asked.status, asked.code, asked.message],
      [403, codes.missing[3], 'Request is missing Authentication Token'],
    );
  });
  const twice = (name: string) => `'${name}' is given more than once.`;
  const nonconforming = 'The request signature does not conform to AWS standards.';
  for (const [what, kind, message, options] of [
    [
      'of another algorithm',
      'incomplete',
      "Unsupported AWS 'algorithm'.",
      authorization(/^AWS4-HMAC-SHA256/, 'AWS4-HMAC-SHA1'),
    ],
    [
      'of another scheme',
      'incomplete',
      "Unsupported AWS 'algorithm'.",
      { tamper: header('authorization', () => 'Bearer abc') },
    ],
    ['without Credential', 'incomplete', needs('Credential'), authorization(/Credential=[^,]*, /, '')],
    ['without Signature', 'incomplete', needs('Signature'), authorization(/, Signature=.*/, '')],
    ['without SignedHeaders', 'incomplete', needs('SignedHeaders'), authorization(/SignedHeaders=[^,]*, /, '')],
    [
      'of the algorithm alone',
      'incomplete',
      needs('Credential', 'Signature', 'SignedHeaders'),
      { tamper: header('authorization', () => 'AWS4-HMAC-SHA256') },
    ],
    ['without a date', 'incomplete', noDate, { tamper: header('x-amz-date', () => undefined) }],
    [
      'with a malformed date',
      'incomplete',
      'Date must be in ISO-8601 basic format.',
      { tamper: header('x-amz-date', () => '2026-11-22T12:00:00Z') },
    ],
    [
      'with a day that is none',
      'incomplete',
      'Date must be in ISO-8601 basic format.',
      { tamper: header('x-amz-date', () => '20261131T120000Z') },
    ],
    ['with a credential of four pieces', 'incomplete', credential, authorization(/\/aws4_request/, '')],
    ['with a credential of six pieces', 'incomplete', credential, authorization(/\/aws4_request/, '/aws4_request/x')],
    ['with an empty key id', 'incomplete', credential, authorization(/Credential=[^/]*/, 'Credential=')],
    ['with a pair that is none', 'incomplete', nonconforming, authorization(/Signature=/, 'Nonsense, Signature=')],
    ['with a pair said twice', 'incomplete', nonconforming, authorization(/Signature=/, 'Signature=0, Signature=')],
    [
      'with header names out of order',
      'incomplete',
      nonconforming,
      authorization(/content-type;host/, 'host;content-type'),
    ],
    ['in capital hex', 'incomplete', nonconforming, authorization(/Signature=.*/, `Signature=${'A'.repeat(64)}`)],
    ['cut short', 'incomplete', nonconforming, authorization(/.$/, '')],
    ['longer than any', 'incomplete', nonconforming, authorization(/$/, `, X=${'y'.repeat(40_000)}`)],
    [
      'given twice',
      'incomplete',
      twice('authorization'),
      {
        tamper: (request: WireRequest) => ({
          ...request,
          headers: [...request.headers, ...request.headers.filter(([name]) => name === 'Authorization')],
        }),
      },
    ],
    ['with two hosts', 'incomplete', twice('host'), adding(['host', 'other'])],
    ['with two dates', 'incomplete', twice('x-amz-date'), adding(['x-amz-date', '20261122T120000Z'])],
    [
      'with two tokens',
      'incomplete',
      twice('x-amz-security-token'),
      adding(['X-Amz-Security-Token', 'a'], ['x-amz-security-token', 'b']),
    ],
    [
      'in both forms',
      'wrong',
      'Found both X-Amz-Algorithm as a query-string param and Authorization as HTTP header.',
      { presigned: true, ...adding(['Authorization', 'AWS4-HMAC-SHA256 Credential=x']) },
    ],
    [
      'presigned without its date',
      'incomplete',
      "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
      query(/&X-Amz-Date=[^&]*/, ''),
    ],
    [
      'presigned for no time',
      'incomplete',
      'X-Amz-Expires must be a number of seconds up to 604800.',
      query(/Expires=\d+/, 'Expires=0'),
    ],
    [
      'presigned for longer than a week',
      'incomplete',
      'X-Amz-Expires must be a number of seconds up to 604800.',
      query(/Expires=\d+/, 'Expires=604801'),
    ],
    [
      'presigned for a time before',
      'incomplete',
      'X-Amz-Expires must be a number of seconds up to 604800.',
      query(/Expires=\d+/, 'Expires=-1'),
    ],
  ] as const satisfies readonly (readonly [string, Kind, string, Options])[]) {
    test(`${what} is refused`, () => refused(kind, message, options));
  }
});

test('a presigned REST request with two dates is refused by name', async () => {
  const answer = await (await testRoad()).rest(
    'GET',
    '/profiles',
    undefined,
    query(/$/, '&X-Amz-Date=20261122T120000Z'),
  );
  assert.deepEqual([answer.code, answer.message], [codes.incomplete[1], "'X-Amz-Date' is given more than once."]);
});

describe('a signature that does not hold', () => {
  const root = 'AKIAROOTROOTROOTROOT';
  const keys = (part: Partial<Keys>): Options => ({ keys: { accessKeyId: root, secretAccessKey: 'x', ...part } });
  const scoped =
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261121' != '20261122', from '20261122T120000Z'. ";
  const terminator = "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ";
  const hostless = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  for (const [what, kind, message, options] of [
    ['of an unknown key', 'unknown', unknownKey, keys({ accessKeyId: 'AKIANOBODYNOBODYNOBO' })],
    ['of a key with another name for every object', 'unknown', unknownKey, keys({ accessKeyId: '__proto__' })],
    ['of another secret', 'wrong', noMatch, keys({})],
    ['with a bit changed', 'wrong', noMatch, authorization(/Signature=./, 'Signature=0')],
    ['for another day', 'wrong', scoped, authorization(/\/20261122\//, '/20261121/')],
    [
      'for no Region',
      'wrong',
      'Credential should be scoped to a valid region. ',
      authorization(/\/eu-central-1\//, '/Mars/'),
    ],
    ['for another Region than signed', 'wrong', noMatch, authorization(/\/eu-central-1\//, '/eu-west-1/')],
    ['with another terminator', 'wrong', terminator, authorization(/aws4_request/, 'aws5_request')],
    [
      'with two faults of scope',
      'wrong',
      terminator + scoped,
      authorization(/20261122\/(.*)aws4_request/, '20261121/$1aws5_request'),
    ],
    ['that leaves the host out', 'wrong', hostless, authorization(/host;/, '')],
    ['that leaves the date out', 'wrong', noMatch, authorization(/;x-amz-date/, '')],
    ['of a header that is not there', 'wrong', noMatch, authorization(/;x-amz-date/, ';x-amz-date;x-none')],
    ['with an unsigned x-amz header', 'wrong', noMatch, adding(['x-amz-meta', '1'])],
    [
      'with another body',
      'wrong',
      noMatch,
      { tamper: (request: WireRequest) => ({ ...request, body: Buffer.concat([request.body, Buffer.from('&x=1')]) }) },
    ],
    [
      'with another query',
      'wrong',
      noMatch,
      { tamper: (request: WireRequest) => ({ ...request, rawQuery: 'pageSize=1' }) },
    ],
    ['with a repeated signed header', 'wrong', noMatch, adding(['Content-Type', 'text/plain'])],
    ['presigned with another expiry', 'wrong', noMatch, query(/Expires=900/, 'Expires=901')],
    ['with the hash of another body', 'wrong', noMatch, { headers: [['x-amz-content-sha256', '0'.repeat(64)]] }],
    ['of an unsigned body', 'wrong', noMatch, { headers: [['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] }],
  ] as const satisfies readonly (readonly [string, Kind, string, Options])[]) {
    test(`${what} is refused`, () => refused(kind, message, options));
  }

  test('is refused without a word of what was signed', async () => {
    const road = await testRoad();
    await road.rest('GET', '/profiles?nextToken=SECRET', undefined, keys({}));
    const answer = await road.rest('GET', '/profiles?nextToken=SECRET', undefined, keys({}));
    assert.doesNotMatch(answer.body + JSON.stringify(road.logged), /SECRET/);
  });
});

describe('the clock', () => {
  const signedAt = new Date('2026-11-22T12:00:00Z');
  /** The request is signed at noon and arrives `seconds` later. */
  async function arriving(seconds: number, options: Options = {}) {
    const road = await testRoad();
    const later = new Date(signedAt.getTime() + seconds * 1000);
    return road.rest('GET', '/profiles', undefined, {
      ...options,
      tamper(request) {
        road.at(later);
        return request;
      },
    });
  }
  for (const [seconds, options, message] of [
    [900, {}, undefined],
    [901, {}, 'Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T121501Z - 15 min.)'],
    [
      86_400,
      {},
      'Signature expired: 20261122T120000Z is now earlier than 20261123T114500Z (20261123T120000Z - 15 min.)',
    ],
    [-900, {}, undefined],
    [
      -901,
      {},
      'Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T114459Z + 15 min.)',
    ],
    [900, { presigned: true }, undefined],
    [
      901,
      { presigned: true },
      'Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T121501Z - 15 min.)',
    ],
    [
      -901,
      { presigned: true },
      'Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T114459Z + 15 min.)',
    ],
  ] as const) {
    const form = 'presigned' in options ? 'presigned' : 'signed';
    test(`a ${form} request of ${seconds} seconds is ${message === undefined ? 'accepted' : 'refused'}`, async () => {
      const answer = await arriving(seconds, options);
      assert.deepEqual([answer.status, answer.message], message === undefined ? [200, undefined] : [403, message]);
    });
  }
});

describe('a session token', () => {
  const anything = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  test('proves its session, in a header and presigned', async () => {
    const road = await testRoad();
    const keys = keysOf(road, await webSession(road, anything));
    for (const presigned of [false, true]) {
      const answer = await road.query('sts', 'GetCallerIdentity', {}, { keys, presigned });
      assert.match(answer.text('Arn') ?? answer.body, /assumed-role\/Web\/s1$/);
    }
  });

  test('ends with its last second', async () => {
    const road = await testRoad();
    const claims = await webSession(road, anything);
    const keys = keysOf(road, claims);
    road.at(new Date(claims.expiresAt * 1000 - 1));
    assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, 200);
    road.at(new Date(claims.expiresAt * 1000));
    const answer = await road.rest('GET', '/profiles', undefined, { keys });
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [403, codes.expired[1], 'The security token included in the request is expired'],
    );
    assert.equal((await road.query('sts', 'GetCallerIdentity', {}, { keys })).code, codes.expired[3]);
  });

  test('of anything but this server, this key and this form is invalid', async () => {
    const road = await testRoad();
    const claims = await webSession(road, anything);
    const keys = keysOf(road, claims);
    const token = keys.sessionToken ?? '';
    const altered = (at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    const { sessionToken: _token, ...without } = keys;
    const wrong: Readonly<Record<string, Keys>> = {
      absent: without,
      empty: { ...keys, sessionToken: '' },
      'of another keyring': keysOf(road, claims, true),
      'no token': { ...keys, sessionToken: 'token' },
      'altered in its head': { ...keys, sessionToken: altered(3) },
      'altered in its middle': { ...keys, sessionToken: altered(token.length >> 1) },
      'altered in its tag': { ...keys, sessionToken: altered(token.length - 8) },
      'with more behind its padding': { ...keys, sessionToken: `${token}AAAA` },
      'with a line break': { ...keys, sessionToken: `${token.slice(0, 8)}\n${token.slice(8)}` },
      'cut short': { ...keys, sessionToken: token.slice(0, -8) },
      "with another session's key": { ...keys, accessKeyId: 'ASIAOTHEROTHEROTHERO' },
      "with the root's key": { ...road.root, sessionToken: token },
      'of another version': keysOf(road, Object.assign({}, claims, { version: 3 })),
    };
    for (const [what, given] of Object.entries(wrong)) {
      const answer = await road.rest('GET', '/profiles', undefined, { keys: given });
      assert.deepEqual([answer.status, answer.code, answer.message], [403, codes.unknown[1], unknownKey], what);
    }
    const secret = await road.rest('GET', '/profiles', undefined, { keys: { ...keys, secretAccessKey: 'x' } });
    assert.deepEqual([secret.code, secret.message], [codes.wrong[1], noMatch]);
  });

  test('must be signed with the rest', async () => {
    const road = await testRoad();
    const keys = keysOf(road, await webSession(road, anything));
    const { sessionToken = '', ...bare } = keys;
    const answer = await road.rest('GET', '/profiles', undefined, {
      keys: bare,
      ...adding(['X-Amz-Security-Token', sessionToken]),
    });
    assert.deepEqual([answer.code, answer.message], [codes.wrong[1], noMatch]);
  });
});

test('the Region is the one of the scope', async () => {
  const road = await testRoad();
  assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 201);
  const there = await road.rest('GET', '/profiles', undefined, { region: 'us-gov-west-1' });
  const here = await road.rest('GET', '/profiles', undefined, { region });
  assert.deepEqual([there.json().profiles.length, here.json().profiles.length], [0, 1]);
});
