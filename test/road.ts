// The whole road in memory, on a clock that the test holds: signed wire bytes in, wire bytes out. What a real server does
// besides is HTTP.
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { openChain } from '../src/audit/opening.ts';
import { presignRequest, signRequest } from '../src/core/signature/hmac.ts';
import { signX509Request } from '../src/core/signature/x509.ts';
import type { Certificate } from '../src/core/x509/certificate.ts';
import { crlSources } from '../src/crl-sources/crl-sources.ts';
import { parseList } from '../src/crl-sources/parse-list.ts';
import { handle } from '../src/gateway/handle.ts';
import { knowledge } from '../src/gateway/knowledge.ts';
import { lastUses } from '../src/gateway/last-uses.ts';
import { throttle } from '../src/gateway/throttle.ts';
import type { World } from '../src/gateway/world.ts';
import { createKeyring } from '../src/keyring.ts';
import { services } from '../src/main.ts';
import { bodyText } from '../src/protocols/answer-body.ts';
import type { HeaderPair, WireRequest } from '../src/protocols/protocol.ts';
import { ensureAccount } from '../src/root-account.ts';
import { configuredPlaces } from '../src/services/anyrole/records.ts';
import { defaultSettings, type Settings } from '../src/services/settings.ts';
import { cachedStore } from '../src/store/cache.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';
import { auditCollection } from '../src/telemetry/audit.ts';
import type { SharedFacts } from '../src/telemetry/log.ts';
import { metrics } from '../src/telemetry/metrics.ts';
import { recorder } from '../src/telemetry/recorder.ts';
import type { FetchDocument } from '../src/web-identity/fetch-document.ts';
import { issuers } from '../src/web-identity/issuers.ts';
import { keySets } from '../src/web-identity/key-sets.ts';

export type Keys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** An answer, with readers for both protocols. */
export type Answer = {
  readonly status: number;
  readonly body: string;
  header(name: string): string | undefined;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers member by member and fail where one is missing
  json(): any;
  /** The error's code and sentence, whatever the protocol; undefined members where the answer is none. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** Texts of all XML elements of the name, in order. */
  texts(element: string): readonly string[];
  /** Text of the first XML element of the name. */
  text(element: string): string | undefined;
};

/** What the network answers, for the lists that the server fetches: bytes of a list, or undefined where nobody answers. */
export type Network = (href: string) => Uint8Array | undefined;

export type Options = {
  readonly keys?: Keys | undefined;
  readonly region?: string;
  /** Sent besides, unsigned headers of a stranger's making included. */
  readonly headers?: readonly HeaderPair[];
  /** No signature at all. */
  readonly unsigned?: boolean;
  readonly presigned?: boolean;
  /** Of a REST-JSON call. Absent: Roles Anywhere. */
  readonly service?: string;
  /** Changes the signed request on its way. */
  readonly tamper?: (request: WireRequest) => WireRequest;
};

/** A certificate and what its holder asks. */
export type SessionRequest = {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
  readonly chain?: readonly Certificate[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly region?: string;
  readonly tamper?: (request: WireRequest) => WireRequest;
};

export const account = '123456789012';
export const region = 'eu-central-1';
const host = 'anyrole.test';

export type Road = Awaited<ReturnType<typeof testRoad>>;

/** A server with one account, its root key, and the clock at 2026-11-22T12:00:00Z. */
export async function testRoad({
  store = cachedStore(memoryStore()),
  settings = defaultSettings,
  network = () => undefined,
  fetchDocument = async () => ({ ok: false, reason: 'notReached' }),
}: {
  readonly store?: Store;
  readonly settings?: Settings;
  readonly network?: Network;
  /** What the issuers of identity tokens answer. Absent: there is no network. */
  readonly fetchDocument?: FetchDocument;
} = {}) {
  let now = new Date('2026-11-22T12:00:00Z');
  let seed = 0;
  // Deterministic, so that a failing test fails again; never used for real keys.
  const randomBytes = (size: number) => {
    const parts: Buffer[] = [];
    for (let length = 0; length < size; length += 32) {
      parts.push(createHmac('sha256', 'test').update(String(seed++)).digest());
    }
    return Buffer.concat(parts).subarray(0, size);
  };
  const keyring = createKeyring(randomBytes, now);
  const root: Keys = {
    accessKeyId: 'AKIAROOTROOTROOTROOT',
    secretAccessKey: 'rootrootrootrootrootrootrootrootrootroot',
  };
  await ensureAccount({ store, keyring, randomBytes, now }, { accountId: account, rootKey: root });
  const logged: object[] = [];
  const log = {
    info: (facts: object, message: string, shared?: SharedFacts) =>
      void logged.push({ ...shared?.facts, ...facts, message }),
    error: (facts: object, message: string) => void logged.push({ ...facts, message }),
    flush: () => {},
  };
  const opened = await openChain({ store, keyring, randomBytes, now }, undefined);
  if (!opened.ok) throw new Error(opened.reason);
  const records = recorder({
    write: (entries) => store.write((writer) => opened.chain.append(writer, entries)),
    later: () => () => {},
    failed: (cause) => {
      throw cause;
    },
  });
  let counter = 0;
  const known = knowledge();
  const kept = new Map<string, Uint8Array>();
  const fetchedCrls = crlSources({
    allowed: settings.crlSources,
    configured: () => store.read((reader) => configuredPlaces(reader, known.certificatesOf)),
    async fetch({ href }) {
      const bytes = network(href);
      if (bytes === undefined) return { ok: false, reason: 'notReached', detail: 'ECONNREFUSED' };
      return { ok: true, bytes, digest: fingerprintOf(bytes) };
    },
    parse: parseList,
    lists: {
      read: async (key) => kept.get(key),
      write: async (key, bytes) => void kept.set(key, bytes),
      remove: async (key) => void kept.delete(key),
    },
    now: () => now,
    later: () => () => {},
    log,
  });
  const world: World = {
    services,
    settings,
    throttle: throttle(settings.rates),
    store,
    keyring,
    knowledge: known,
    issuers: issuers(keySets(fetchDocument, { plainHttp: settings.allowLoopbackIssuers })),
    lastUses: lastUses({
      store,
      later: () => {},
      failed: (cause) => {
        throw cause;
      },
    }),
    recorder: records,
    auditChain: opened.chain,
    log,
    metrics: metrics(),
    fetchedCrls,
    now: () => now,
    newId() {
      const time = now.getTime().toString(16).padStart(12, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(++counter).toString(16).padStart(12, '0')}`;
    },
    randomBytes,
  };
  const origin = { ip: '127.0.0.1', userAgent: 'test', secure: false };
  const walk = async (request: WireRequest) => answerOf(await handle(world, request, origin));

  const send = async (service: string, request: WireRequest, options: Options = {}): Promise<Answer> => {
    const full = {
      ...request,
      headers: [['Host', host], ...request.headers, ...(options.headers ?? [])] as HeaderPair[],
    };
    const keys = { ...(options.keys ?? root), region: options.region ?? region, service, now };
    const signed = options.unsigned
      ? full
      : options.presigned
        ? { ...full, rawQuery: presignRequest(full, { ...keys, expiresSeconds: 900 }) }
        : { ...full, headers: [...full.headers, ...signRequest(full, keys)] };
    return walk(options.tamper?.(signed) ?? signed);
  };

  return {
    world,
    store,
    root,
    logged,
    walk,
    send,
    now: () => now,
    /** Moves the clock. */
    at(instant: Date | string) {
      now = new Date(instant);
    },
    /** A REST-JSON call: `rest('POST', '/profiles', {…})`. */
    rest(method: string, target: string, body?: unknown, options: Options = {}): Promise<Answer> {
      const [path = '', rawQuery = ''] = target.split('?');
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      const headers: HeaderPair[] = [['Content-Type', 'application/json']];
      return send(
        options.service ?? 'rolesanywhere',
        { method, path, rawQuery, headers, body: Buffer.from(text) },
        options,
      );
    },
    /** A Query call: `query('iam', 'CreateRole', { RoleName: 'R', 'Tags.member.1.Key': 'k' })`. */
    query(
      service: 'iam' | 'sts',
      action: string,
      parameters: Readonly<Record<string, string | number>> = {},
      options?: Options,
    ) {
      const version = services.get(service)?.version ?? '';
      const form = new URLSearchParams({ Action: action, Version: version });
      for (const [name, value] of Object.entries(parameters)) form.append(name, String(value));
      const headers: HeaderPair[] = [['Content-Type', 'application/x-www-form-urlencoded']];
      const body = Buffer.from(form.toString());
      return send(service, { method: 'POST', path: '/', rawQuery: '', headers, body }, options);
    },
    /** CreateSession, signed with the certificate's key. */
    session(asked: SessionRequest): Promise<Answer> {
      const request = {
        method: 'POST',
        path: '/sessions',
        rawQuery: new URLSearchParams(asked.query ?? {}).toString(),
        headers: [
          ['Host', host],
          ['Content-Type', 'application/json'],
        ] as HeaderPair[],
        body: Buffer.from(asked.body === undefined ? '{}' : JSON.stringify(asked.body)),
      };
      const { certificate, privateKey, chain = [] } = asked;
      const added = signX509Request(request, {
        privateKey,
        certificateDer: certificate.der,
        serialNumber: certificate.serialNumber,
        chainDer: chain.map(({ der }) => der),
        region: asked.region ?? region,
        now,
      });
      const signed = { ...request, headers: [...request.headers, ...added] };
      return walk(asked.tamper?.(signed) ?? signed);
    },
    /** Every audit event so far, in the order of time. */
    async events(): Promise<readonly Record<string, unknown>[]> {
      await records.flush();
      const entries = await store.read((reader) => reader.list(auditCollection, { limit: 1000 }));
      return entries.map(({ document }) => document as Record<string, unknown>);
    },
  };
}

function answerOf(response: Awaited<ReturnType<typeof handle>>): Answer {
  const { status, headers } = response;
  const body = bodyText(response.body);
  const header = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const texts = (element: string) =>
    [...body.matchAll(new RegExp(`<${element}>([^<]*)</${element}>|<${element}/>`, 'g'))].map(([, text]) =>
      unescaped(text ?? ''),
    );
  const text = (element: string) => texts(element)[0];
  const isXml = header('content-type') === 'text/xml';
  const failed = status >= 400;
  return {
    status,
    body,
    header,
    json: () => JSON.parse(body),
    code: !failed ? undefined : isXml ? text('Code') : header('x-amzn-errortype'),
    message: !failed ? undefined : isXml ? text('Message') : JSON.parse(body).message,
    texts,
    text,
  };
}

function unescaped(xml: string): string {
  return xml
    .replaceAll('&#xD;', '\r')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** The fingerprint by which audit events name a certificate. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}
