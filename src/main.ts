// The composition root: config → store → keyring → root key → gateway → listen. Everything that is made once is made
// here, and time, randomness, files and the network enter here.
import { randomFillSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openAuditLog } from './audit-log.ts';
import { type Address, type Config, ConfigError } from './config.ts';
import { type CrlSources, crlSources } from './crl-sources/crl-sources.ts';
import { fetchCrl } from './crl-sources/fetch-crl.ts';
import { listsInDirectory } from './crl-sources/kept-lists.ts';
import { crlMetrics } from './crl-sources/metrics.ts';
import { parseList } from './crl-sources/parse-list.ts';
import { turnMs } from './gateway/admission.ts';
import { ascendingIds } from './gateway/ascending-ids.ts';
import { handle, refuseBusy, refuseTooLarge } from './gateway/handle.ts';
import { openDoor } from './gateway/http.ts';
import { type Knowledge, knowledge } from './gateway/knowledge.ts';
import { lastUses } from './gateway/last-uses.ts';
import { type OpenDoor, urlOf } from './gateway/listening.ts';
import { openMetricsDoor } from './gateway/metrics-door.ts';
import { type Overload, overload, overloadMetrics } from './gateway/overload.ts';
import { randomPool } from './gateway/random-pool.ts';
import type { Services } from './gateway/route.ts';
import { throttle } from './gateway/throttle.ts';
import type { World } from './gateway/world.ts';
import { lookMs, openKeyring } from './keyring-life.ts';
import { trustAnchorExpiry } from './notifications/trust-anchor-expiry.ts';
import { ensureAccount, type NewRootKey } from './root-account.ts';
import { anyrole } from './services/anyrole/index.ts';
import { configuredPlaces } from './services/anyrole/records.ts';
import { iam } from './services/iam/index.ts';
import { rolesanywhere } from './services/rolesanywhere/index.ts';
import { defaultSettings, parseSettings, type Settings } from './services/settings.ts';
import { sts } from './services/sts/index.ts';
import { cachedStore } from './store/cache.ts';
import { sqliteStore } from './store/sqlite.ts';
import { type Store, StoreLocked } from './store/store.ts';
import { processMetrics, recorderMetrics } from './telemetry/collected.ts';
import { type Log, silentLog } from './telemetry/log.ts';
import { type Metrics, metrics } from './telemetry/metrics.ts';
import { recorder } from './telemetry/recorder.ts';
import { documentFetcher } from './web-identity/fetch-document.ts';
import { issuers } from './web-identity/issuers.ts';
import { keySets } from './web-identity/key-sets.ts';

/** A server that listens. */
export type RunningServer = {
  /** `http://127.0.0.1:4747`. */
  readonly url: string;
  /** `http://127.0.0.1:9464/metrics`, where the configuration says so. */
  readonly metricsUrl: string | undefined;
  readonly accountId: string;
  /** The root key, where this start made it: shown once, kept only sealed. */
  readonly newRootKey: NewRootKey | undefined;
  /** Answers what is under way, at most `graceMs`, then lets go of the data directory. */
  close(graceMs?: number): Promise<void>;
};

/** The services by their signing names. Of two that a request without a signature may mean, the first is asked. */
export const services: Services = new Map([rolesanywhere, iam, sts, anyrole].map((service) => [service.name, service]));

/** Milliseconds that the last uses of keys and roles wait to be written together: what a crash may lose of them. */
const writeUsesEveryMs = 5000;
const defaultGraceMs = 20_000;
/** Milliseconds that a scrape under way may still take when the server stops. */
const metricsGraceMs = 1000;

/** Starts a server on the data directory. Throws ConfigError when it cannot, with the reason in one line. */
export async function startServer(config: Config, log: Log = silentLog): Promise<RunningServer> {
  const settings = settingsOf(config.settingsFile);
  const store = openStore(config.dataDir);
  try {
    await checkKeyring(config.dataDir, store);
    return await serve(config, settings, store, log);
  } catch (cause) {
    await store.close();
    throw cause;
  }
}

async function serve(config: Config, settings: Settings, store: Store, log: Log): Promise<RunningServer> {
  const now = () => new Date();
  const randomBytes = randomPool(randomFillSync);
  const path = join(config.dataDir, 'keyring.json');
  const keys = await openKeyring({ path, store, randomBytes, now, log });
  const { keyring } = keys;
  const { accountId, newRootKey } = await ensureAccount({ store, keyring, randomBytes, now: now() }, config);
  const audit = await openAuditLog(config, {
    store,
    keyring,
    randomBytes,
    log,
    retained: settings.auditRetention,
    now,
    later: laterBy,
  });
  const records = recorder({
    write: (entries) => store.write((writer) => audit.chain.append(writer, entries)),
    later: laterBy,
    failed: (cause) => log.error({ cause: String(cause) }, 'audit events wait: they cannot be written'),
  });
  const uses = lastUses({
    store,
    later: (work) => void setTimeout(work, writeUsesEveryMs).unref(),
    failed: (cause) => log.error({ cause: String(cause) }, 'last uses of keys and roles were not written'),
  });
  const measured = metricsOf(log);
  for (const collected of [
    ...recorderMetrics(records),
    ...audit.metrics,
    ...processMetrics(),
    trustAnchorExpiry(store, now),
  ]) {
    measured.register(collected);
  }
  const known = knowledge();
  const fetchedCrls = fetchedCrlsOf(config, settings, store, log, known.certificatesOf);
  const world: World = {
    services,
    settings,
    throttle: throttle(settings.rates),
    store,
    keyring,
    knowledge: known,
    issuers: issuers(keySets(documentFetcher(), { plainHttp: settings.allowLoopbackIssuers })),
    lastUses: uses,
    recorder: records,
    auditChain: audit.chain,
    log,
    metrics: measured,
    fetchedCrls,
    now,
    newId: ascendingIds(now, randomBytes),
    randomBytes,
  };
  for (const collected of crlMetrics(fetchedCrls, now)) measured.register(collected);
  const load = overloadOf(log);
  const metricsDoor = config.metrics && (await openedMetricsDoor(config.metrics, measured, log));
  // What is kept is read before the first request: a session is not refused for want of a list that is there.
  await fetchedCrls.start();
  const door = await openDoor(
    {
      handle: (request, origin) => handle(world, request, origin),
      refuseTooLarge: (request) => refuseTooLarge(world, request),
      refuseBusy: (request) => refuseBusy(world, request),
      overload: load,
      ready: () => answers(store),
      ...(config.tls && { tls: config.tls }),
    },
    config.host,
    config.port,
  ).catch(async (cause) => {
    await fetchedCrls.close();
    await metricsDoor?.close(0);
    throw unopened('--listen', config, cause);
  });
  audit.start();
  for (const collected of overloadMetrics(load, door.connections)) measured.register(collected);
  const turns = setInterval(load.turn, turnMs).unref();
  const looks = setInterval(keys.look, lookMs).unref();
  return {
    url: urlOf(config.tls ? 'https' : 'http', door),
    metricsUrl: metricsDoor && `${urlOf('http', metricsDoor)}/metrics`,
    accountId,
    newRootKey,
    async close(graceMs = defaultGraceMs) {
      await door.close(graceMs);
      clearInterval(turns);
      clearInterval(looks);
      await keys.settled();
      await fetchedCrls.close();
      await metricsDoor?.close(Math.min(graceMs, metricsGraceMs));
      await uses.flush();
      // What the store does not take is at least in the log.
      for (const { key, text } of await records.close())
        log.error({ key, event: JSON.parse(text) }, 'an audit event is not stored');
      await audit.close();
      await store.close();
      log.flush();
    },
  };
}

function laterBy(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

function fetchedCrlsOf(
  { dataDir }: Config,
  { crlSources: allowed }: Settings,
  store: Store,
  log: Log,
  certificatesOf: Knowledge['certificatesOf'],
): CrlSources {
  return crlSources({
    allowed,
    configured: () => store.read((reader) => configuredPlaces(reader, certificatesOf)),
    fetch: fetchCrl,
    parse: parseList,
    lists: listsInDirectory(join(dataDir, 'crl-sources')),
    now: () => new Date(),
    later: (ms, work) => laterBy(work, ms),
    log,
  });
}

function overloadOf(log: Log): Overload {
  return overload({
    now: () => performance.now(),
    later: (ms, work) => void setTimeout(work, ms),
    tell(state, turned) {
      if (state === 'began') log.error({}, 'more is asked than can be answered: some of it is refused');
      else log.info({ refused: turned }, 'all is answered again');
    },
  });
}

/** Metrics, with a log line for each that cannot be had. */
function metricsOf(log: Log): Metrics {
  return metrics({
    failed: (metric, cause) => log.error({ metric, cause: String(cause) }, 'a metric was left out of a scrape'),
  });
}

async function openedMetricsDoor(address: Address, measured: Metrics, log: Log): Promise<OpenDoor> {
  const failed = (cause: unknown) => log.error({ cause: String(cause) }, 'a scrape was not answered');
  return openMetricsDoor(measured, address, failed).catch((cause) => {
    throw unopened('--metrics-listen', address, cause);
  });
}

function unopened(flag: string, { host, port }: Address, cause: { readonly code?: unknown }): ConfigError {
  return new ConfigError(`${flag} \`${host}:${port}\`: cannot listen there (${String(cause.code)})`);
}

/** The settings of a file, whose own file names are relative to it; without one, the defaults. */
function settingsOf(path: string | undefined): Settings {
  if (path === undefined) return defaultSettings;
  const text = textOf(path);
  if (typeof text !== 'string') throw new ConfigError(`--config \`${path}\`: expected a readable file (${text.code})`);
  const read = parseSettings(text, {
    operations: new Set([...services.values()].flatMap((service) => [...service.operations.keys()])),
    textOf(file) {
      const named = textOf(resolve(dirname(path), file));
      return typeof named === 'string' ? named : undefined;
    },
  });
  if (read.ok) return read.settings;
  const key = read.at === '' ? '' : ` ${read.at}:`;
  throw new ConfigError(`--config \`${path}\`:${key} expected ${read.expected}`);
}

function textOf(path: string): string | { readonly code: string } {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    return { code: cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause) };
  }
}

function openStore(dataDir: string): Store {
  try {
    return cachedStore(sqliteStore({ path: dataDir }));
  } catch (cause) {
    const what = cause instanceof StoreLocked ? 'another server uses it' : 'expected a directory that can be written';
    throw new ConfigError(`--data-dir \`${dataDir}\`: ${what} (${cause instanceof Error ? cause.message : cause})`);
  }
}

/** A server that is killed at its first start may leave a store without a keyring: nothing is sealed there yet. */
async function checkKeyring(dataDir: string, store: Store): Promise<void> {
  if (existsSync(join(dataDir, 'keyring.json'))) return;
  const accounts = await store.read((reader) => reader.list('iam/accounts', { limit: 1 }));
  if (accounts.length === 0) return;
  throw new ConfigError(
    `--data-dir \`${dataDir}\`: keyring.json is missing, and what is sealed there cannot be opened without it; restore it from a backup`,
  );
}

async function answers(store: Store): Promise<boolean> {
  try {
    await store.read((reader) => reader.list('iam/accounts', { limit: 1 }));
    return true;
  } catch {
    return false; // the store said why in its own log line when it failed
  }
}
