// Counts what the metadata server does and writes it as Prometheus reads it. By hand: a few lines of text, and no
// dependency for whoever only wants credentials.
// Spec: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4
import type { Refresh } from './kept-role.ts';
import type { RoleState } from './role-state.ts';

export type Endpoint = 'imds' | 'container' | 'none';

/** A binding whose state is shown; `held` is asked at each scrape. */
export type Watched = { readonly name: string; readonly held: () => RoleState };

export type MetadataMetrics = {
  answered(endpoint: Endpoint, status: number): void;
  refreshed(binding: string, outcome: Refresh['kind']): void;
  /** The whole text, of now. */
  scrape(bindings: readonly Watched[], residentBytes: number): string;
};

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly labels: Labels; readonly value: number };

/** Counters of one server. Labels are few: endpoints, statuses and the operator's own names of bindings. */
export function metadataMetrics(): MetadataMetrics {
  const answers = counter();
  const refreshes = counter();
  return {
    answered: (endpoint, status) => answers.add({ endpoint, status: String(status) }),
    refreshed: (binding, kind) => refreshes.add({ binding, outcome: kind === 'refreshed' ? 'success' : 'failure' }),
    scrape: (bindings, residentBytes) =>
      [
        family('anyrole_metadata_requests_total', 'counter', 'Answers by endpoint and status.', answers.samples()),
        family('anyrole_metadata_refreshes_total', 'counter', 'Refreshes of credentials.', refreshes.samples()),
        family(
          'anyrole_metadata_credentials_expire_seconds',
          'gauge',
          'When the credentials that are given out end, in seconds since 1970; 0 where there are none.',
          bindings.map(({ name, held }) => ({ labels: { binding: name }, value: endOf(held()) })),
        ),
        family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [{ labels: {}, value: residentBytes }]),
      ].join(''),
  };
}

function counter() {
  const counts = new Map<string, { readonly labels: Labels; value: number }>();
  return {
    add(labels: Labels): void {
      const key = JSON.stringify(labels);
      const row = counts.get(key) ?? { labels, value: 0 };
      row.value += 1;
      counts.set(key, row);
    },
    samples: (): readonly Sample[] => [...counts.values()],
  };
}

function endOf(state: RoleState): number {
  return state.kind === 'granted' ? Math.floor(state.credentials.expiration.getTime() / 1000) : 0;
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const escaped = (value: string) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
