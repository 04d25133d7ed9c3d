// The client as it runs against AWS itself: AWS's own host names, a proxy that stands between, an authority of the company, and
// nothing that points to Anyrole. The proxy leads the names to Anyrole, which has a certificate for them; what the proxy saw is
// what AWS's hosts would have been asked. The recipe of docs/client.md is run as it stands there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createSession, fromRolesAnywhere, type RolesAnywhereOptions } from '../../src/client/index.ts';
import { folderOfCommand, run as runAnyrole } from '../command.ts';
import { type ForwardProxy, forwardProxy } from '../forward-proxy.ts';
import { makeCa } from '../pki.ts';
import { filledIn, recipeBlocks } from '../recipe-blocks.ts';
import { type ConformanceServer, conformanceServer, type LeafFiles, rootKey } from './server.ts';
import { needs, run } from './tools.ts';

const hosts = {
  own: 'rolesanywhere.us-east-1.amazonaws.com',
  fips: 'rolesanywhere-fips.us-east-1.amazonaws.com',
  dualStack: 'rolesanywhere.us-east-1.api.aws',
  both: 'rolesanywhere-fips.us-east-1.api.aws',
};
const others = ['sts.us-east-1.amazonaws.com', 'iam.amazonaws.com'];
const authorization = `Basic ${Buffer.from('worker:through the wall').toString('base64')}`;

describe('under the host names of AWS', needs('aws', '--version'), () => {
  let server: ConformanceServer;
  let proxy: ForwardProxy;
  let leaf: LeafFiles;
  let arns: { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };
  /** A host of a company: a proxy and an authority of its own. No endpoint, no key. */
  let company: Readonly<Record<string, string>>;

  before(async () => {
    const webCa = makeCa({ subject: 'CN=Company Web CA' });
    const dns = [...Object.values(hosts), ...others];
    const web = webCa.issue({ subject: 'CN=AWS', key: 'p256', san: { dns }, eku: ['serverAuth'] });
    server = await conformanceServer({ tls: { cert: web.pem, key: web.keyPem } });
    const port = Number(new URL(server.url).port);
    proxy = await forwardProxy({ routes: Object.fromEntries(dns.map((host) => [`${host}:443`, port])), authorization });
    writeFileSync(join(server.directory, 'company.pem'), webCa.pem);
    writeFileSync(join(server.directory, 'ca.pem'), server.ca.pem);
    leaf = server.leaf('leaf', 'p256');
    company = {
      HTTPS_PROXY: proxy.url.replace('://', '://worker:through%20the%20wall@'),
      AWS_CA_BUNDLE: join(server.directory, 'company.pem'),
    };
    arns = await administrator();
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Who sees the proxy and the bundle, with the command `anyrole` where a shell finds it. */
  const environment = (more: Readonly<Record<string, string>> = {}) => {
    const {
      AWS_ENDPOINT_URL: _1,
      NO_PROXY: _2,
      AWS_ACCESS_KEY_ID: _3,
      AWS_SECRET_ACCESS_KEY: _4,
      ...rest
    } = server.environment;
    const PATH = [folderOfCommand(server.directory), rest.PATH].join(delimiter);
    return { ...rest, AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, PATH, ...company, ...more };
  };
  /** What the proxy was asked since then: hosts, each once. */
  const asked = (since: number) => [...new Set(proxy.passed.slice(since).map(({ line }) => line))];
  const inDirectory = (script: string, more?: Readonly<Record<string, string>>) =>
    run('sh', ['-c', `set -eu; cd "$HOME"; ${script}`], { environment: environment(more) });

  const [exports, administration, session] = recipeBlocks('client.md', 'Recipe: a real AWS account');

  /** The recipe's first half, by somebody with a key. */
  async function administrator() {
    const since = proxy.passed.length;
    const words = {
      'http://proxy.example:3128': company.HTTPS_PROXY ?? '',
      '/etc/pki/company.pem': company.AWS_CA_BUNDLE ?? '',
    };
    const script = `${filledIn(exports?.text ?? '', words)}${administration?.text}
      printf '%s\\n' "$ROLE" "$TRUST_ANCHOR" "$PROFILE"`;
    const key = { AWS_ACCESS_KEY_ID: rootKey.accessKeyId, AWS_SECRET_ACCESS_KEY: rootKey.secretAccessKey };
    const { exitCode, stdout, stderr } = await inDirectory(script, { ...key, HTTPS_PROXY: '', AWS_CA_BUNDLE: '' });
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(asked(since), ['CONNECT iam.amazonaws.com:443', `CONNECT ${hosts.own}:443`]);
    const [roleArn = '', trustAnchorArn = '', profileArn = ''] = stdout.trim().split('\n');
    return { roleArn, trustAnchorArn, profileArn };
  }

  const variables = () => ({ ROLE: arns.roleArn, TRUST_ANCHOR: arns.trustAnchorArn, PROFILE: arns.profileArn });
  const flags = () => [
    ...['--certificate', leaf.certificatePath, '--private-key', leaf.privateKeyPath, '--role-arn', arns.roleArn],
    ...['--profile-arn', arns.profileArn, '--trust-anchor-arn', arns.trustAnchorArn],
  ];
  const isWorker = (arn: string | undefined) => assert.match(arn ?? '', /:assumed-role\/Worker\//);

  test('the recipe of the page gives a session', async () => {
    const since = proxy.passed.length;
    const { exitCode, stdout, stderr } = await inDirectory(session?.text ?? '', variables());
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^session +arn:aws:sts::\d+:assumed-role\/Worker\//m);
    const seen = { line: `CONNECT ${hosts.own}:443`, authorization, sni: hosts.own };
    assert.deepEqual(proxy.passed.slice(since), [seen]);
  });

  test('the AWS CLI is the role by credential_process', async () => {
    const since = proxy.passed.length;
    const config = join(server.directory, 'aws-config');
    const words = ['anyrole', 'credential-process', ...flags()];
    writeFileSync(config, `[profile worker]\nregion = us-east-1\ncredential_process = ${words.join(' ')}\n`);
    const more = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'worker' };
    const { exitCode, stdout, stderr } = await inDirectory('aws sts get-caller-identity', more);
    assert.equal(exitCode, 0, stderr);
    isWorker(JSON.parse(stdout).Arn);
    assert.deepEqual(asked(since), [`CONNECT ${hosts.own}:443`, 'CONNECT sts.us-east-1.amazonaws.com:443']);
  });

  test('and by a profile that update filled', async () => {
    const since = proxy.passed.length;
    const credentials = join(server.directory, 'filled');
    const more = { ...company, HOME: server.directory, AWS_SHARED_CREDENTIALS_FILE: credentials };
    const updated = await runAnyrole(['update', '--once', '--profile', 'worker', ...flags()], more);
    assert.equal(updated.status, 0, updated.stderr);
    const profile = {
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_PROFILE: 'worker',
      AWS_DEFAULT_REGION: 'us-east-1',
    };
    const { stdout, stderr } = await inDirectory('aws sts get-caller-identity', profile);
    assert.equal(stderr, '');
    isWorker(JSON.parse(stdout).Arn);
    assert.deepEqual(asked(since), [`CONNECT ${hosts.own}:443`, 'CONNECT sts.us-east-1.amazonaws.com:443']);
  });

  for (const [what, name, host] of [
    ['FIPS', { AWS_USE_FIPS_ENDPOINT: 'true' }, hosts.fips],
    ['dual-stack', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, hosts.dualStack],
    ['FIPS and dual-stack', { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' }, hosts.both],
  ] as const) {
    test(`the command and the library ask the ${what} host when the environment says so`, async () => {
      const since = proxy.passed.length;
      const ended = await runAnyrole(['credential-process', ...flags()], { ...company, ...name });
      assert.equal(ended.status, 0, ended.stderr);
      assert.match(JSON.parse(ended.stdout).AccessKeyId, /^ASIA/);
      await createSession(options(name));
      const seen = { line: `CONNECT ${host}:443`, authorization, sni: host };
      assert.deepEqual(proxy.passed.slice(since), [seen, seen]);
    });
  }

  const options = (more: Readonly<Record<string, string>> = {}): RolesAnywhereOptions => ({
    ...arns,
    certificate: leaf.certificatePath,
    privateKey: leaf.privateKeyPath,
    world: { environment: { ...company, ...more } },
  });

  test('SDK v3 is the role by the library', async () => {
    const since = proxy.passed.length;
    const credentials = fromRolesAnywhere(options());
    await credentials();
    assert.deepEqual(asked(since), [`CONNECT ${hosts.own}:443`]);
    // The SDK's own calls go through no proxy: the name leads to Anyrole here.
    const lookup: LookupFunction = (_, { all }, found) =>
      all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);
    const httpsAgent = new Agent({ ca: readFileSync(company.AWS_CA_BUNDLE ?? ''), lookup });
    const endpoint = `https://sts.us-east-1.amazonaws.com:${new URL(server.url).port}`;
    const sts = new STSClient({ region: 'us-east-1', endpoint, credentials, requestHandler: { httpsAgent } });
    isWorker((await sts.send(new GetCallerIdentityCommand({}))).Arn);
    sts.destroy();
  });

  test('a proxy that wants another password, and an authority that is not the company’s, are named', async () => {
    const wrong = { ...company, HTTPS_PROXY: proxy.url.replace('://', '://worker:open%20sesame@') };
    const refused = await runAnyrole(['credential-process', ...flags()], wrong);
    assert.deepEqual([refused.status, refused.stdout], [1, '']);
    assert.match(
      refused.stderr,
      /^anyrole: NotReached: the proxy `127\.0\.0\.1:\d+` refuses CONNECT \(status 407\); [^\n]*\n$/,
    );
    assert.doesNotMatch(refused.stderr, /sesame|worker/);
    const { AWS_CA_BUNDLE: _, ...without } = company;
    const unknown = await runAnyrole(['credential-process', ...flags()], { ...without, AWS_MAX_ATTEMPTS: '1' });
    assert.match(unknown.stderr, /`rolesanywhere\.us-east-1\.amazonaws\.com` cannot be reached: .*AWS_CA_BUNDLE\n$/);
    const trusting = await runAnyrole(['credential-process', '--no-verify-ssl', '--debug', ...flags()], without);
    assert.equal(trusting.status, 0, trusting.stderr);
    assert.match(trusting.stderr, new RegExp(`^anyrole: debug: proxy: 127\\.0\\.0\\.1:${proxy.port}$`, 'm'));
    assert.doesNotMatch(trusting.stderr, /through|d29ya2Vy/);
  });
});
