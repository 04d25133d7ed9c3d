// Clients that race on one resource: what is left is what one of them asked for, whole, never a mixture; and what every
// client was told is true. Over HTTP, on the embedded store.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AnswerError, sendWithKey } from '../src/client/send.ts';
import { type RunningServer, startServer } from '../src/main.ts';
import { makeCa } from './pki.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-racing-'));
const accountId = '123456789012';
const rootKey = { accessKeyId: 'AKIARACINGRACINGRACE', secretAccessKey: 'racing-racing-racing-racing-racing-racin' };
const rounds = 30;

let server: RunningServer;
before(async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, dataDir: join(place, 'data'), accountId, rootKey });
});
after(async () => {
  await server.close(1000);
  rmSync(place, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: object) {
  const text = await sendWithKey(
    {
      endpoint: server.url,
      method,
      path,
      contentType: 'application/json',
      body: body === undefined ? '' : JSON.stringify(body),
      region: 'eu-central-1',
      now: new Date(),
    },
    'rolesanywhere',
    rootKey,
  );
  return JSON.parse(text);
}

const wanted = (which: string, seconds: number) => ({
  name: `profile ${which}`,
  durationSeconds: seconds,
  roleArns: [`arn:aws:iam::${accountId}:role/${which}`],
  sessionPolicy: JSON.stringify({
    Version: '2012-10-17',
    Id: which,
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  }),
  acceptRoleSessionName: which === 'A',
});
const shown = ({ name, durationSeconds, roleArns, sessionPolicy, acceptRoleSessionName }: Record<string, unknown>) => ({
  name,
  durationSeconds,
  roleArns,
  sessionPolicy,
  acceptRoleSessionName,
});

test('two updates of a profile leave one of the two, and each client was shown its own', async () => {
  const { profile } = await ask('POST', '/profiles', { name: 'contested', roleArns: [] });
  const path = `/profile/${profile.profileId}`;
  const [one, other] = [wanted('A', 900), wanted('B', 43200)];
  for (let round = 0; round < rounds; round++) {
    const [first, second] = await Promise.all([ask('PATCH', path, one), ask('PATCH', path, other)]);
    assert.deepEqual([shown(first.profile), shown(second.profile)], [one, other]);
    const left = shown((await ask('GET', path)).profile);
    assert.ok(
      [one, other].some((whole) => JSON.stringify(whole) === JSON.stringify(left)),
      JSON.stringify(left),
    );
  }
});

test('two updates of a trust anchor leave the name and the certificate of one', async () => {
  const sources = ['A', 'B'].map((which) => ({
    name: which,
    source: {
      sourceType: 'CERTIFICATE_BUNDLE',
      sourceData: { x509CertificateData: makeCa({ subject: `CN=Root ${which}` }).pem },
    },
  }));
  const { trustAnchor } = await ask('POST', '/trustanchors', sources[0]);
  const path = `/trustanchor/${trustAnchor.trustAnchorId}`;
  for (let round = 0; round < rounds; round++) {
    await Promise.all(sources.map((source) => ask('PATCH', path, source)));
    const { name, source } = (await ask('GET', path)).trustAnchor;
    assert.ok(
      sources.some((whole) => JSON.stringify(whole) === JSON.stringify({ name, source })),
      name,
    );
  }
});

test('mappings of two fields that are put at once both stand', async () => {
  const { profile } = await ask('POST', '/profiles', { name: 'mapped', roleArns: [] });
  const mapping = (certificateField: string, specifier: string) => ({
    certificateField,
    mappingRules: [{ specifier }],
  });
  const path = `/profiles/${profile.profileId}/mappings`;
  for (let round = 0; round < rounds; round++) {
    const specifier = round % 2 === 0 ? 'CN' : 'OU';
    await Promise.all([
      ask('PUT', path, mapping('x509Subject', specifier)),
      ask('PUT', path, mapping('x509Issuer', specifier)),
    ]);
    const { attributeMappings } = (await ask('GET', `/profile/${profile.profileId}`)).profile;
    assert.deepEqual(
      [attributeMappings[0], attributeMappings[2]],
      [mapping('x509Issuer', specifier), mapping('x509Subject', specifier)],
    );
  }
});

test('of many clients that delete one profile, one does', async () => {
  const { profile } = await ask('POST', '/profiles', { name: 'doomed', roleArns: [] });
  const path = `/profile/${profile.profileId}`;
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => ask('DELETE', path)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  assert.equal(refused.length, 7);
  for (const reason of refused) {
    assert.ok(reason instanceof AnswerError);
    assert.deepEqual([reason.status, reason.code], [404, 'ResourceNotFoundException']);
  }
});

test('an update that races with the deletion never brings the profile back', async () => {
  for (let round = 0; round < rounds; round++) {
    const { profile } = await ask('POST', '/profiles', { name: 'doomed', roleArns: [] });
    const path = `/profile/${profile.profileId}`;
    await Promise.allSettled([ask('PATCH', path, { name: 'kept' }), ask('DELETE', path)]);
    await assert.rejects(ask('GET', path), { status: 404 });
  }
});
