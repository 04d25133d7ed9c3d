// The metadata server: which of its endpoints a request is for, and what stands before them all. Where it listens and how
// requests come in is door.ts's.
import { type Answer, type Asked, header } from './answer.ts';
import { answerContainer, type ContainerBindings, containerPrefix } from './container.ts';
import { isOwnHost } from './host-names.ts';
import { answerImds, type Imds } from './imds.ts';
import { type Endpoint, type MetadataMetrics, metricsContentType, type Watched } from './metrics.ts';

export type MetadataServer = {
  /** Absent: `/latest` is not there. */
  readonly imds?: Imds;
  /** Empty: `/v2/credentials/` is not there. */
  readonly containers: ContainerBindings;
  /** Names that clients may call this host by, besides its addresses and `localhost`. */
  readonly hostNames: readonly string[];
  readonly watched: readonly Watched[];
  readonly metrics: MetadataMetrics;
};

export const healthPath = '/healthz';

/** Answers one request at the door of the workloads, and counts it. */
export async function answerWorkload(server: MetadataServer, asked: Asked): Promise<Answer> {
  const [endpoint, answer] = await answered(server, asked);
  server.metrics.answered(endpoint, answer.status);
  return answer;
}

async function answered(server: MetadataServer, asked: Asked): Promise<readonly [Endpoint, Answer]> {
  if (!isOwnHost(header(asked, 'host'), server.hostNames))
    return ['none', plain(403, 'the Host header names another host\n')];
  if (asked.path === healthPath) return ['none', health(server, asked)];
  if (server.containers.size > 0 && asked.path.startsWith(containerPrefix))
    return ['container', await answerContainer(server.containers, asked)];
  if (server.imds !== undefined) return ['imds', await answerImds(server.imds, asked)];
  return ['none', plain(404, '')];
}

/** Answers one request at the door of the operators: `/metrics` and `/healthz`, no secret behind either. */
export function answerOperator(server: MetadataServer, asked: Asked, residentBytes: number): Answer {
  if (asked.path === healthPath) return health(server, asked);
  if (asked.path !== '/metrics') return plain(404, 'GET /metrics, GET /healthz\n');
  if (!isReading(asked)) return plain(405, '', { allow: 'GET, HEAD' });
  return plain(200, server.metrics.scrape(server.watched, residentBytes), { 'content-type': metricsContentType });
}

/** 200 while every binding has credentials to give, 503 with the names of those that have none. */
function health({ watched }: MetadataServer, asked: Asked): Answer {
  if (!isReading(asked)) return plain(405, '', { allow: 'GET, HEAD' });
  const without = watched.filter(({ held }) => held().kind !== 'granted').map(({ name }) => name);
  return without.length === 0 ? plain(200, 'ok\n') : plain(503, `no credentials: ${without.join(', ')}\n`);
}

function isReading({ method }: Asked): boolean {
  return method === 'GET' || method === 'HEAD';
}

function plain(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}
