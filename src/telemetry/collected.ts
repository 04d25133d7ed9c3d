// Metrics of what this room knows by itself: the events that wait, and the process.
import type { Collected } from './metrics.ts';
import type { Recorder } from './recorder.ts';

/** Events that wait in the recorder, requests that wait for room there, and those that got none. */
export function recorderMetrics({
  waiting,
  held,
  refused,
}: Pick<Recorder, 'waiting' | 'held' | 'refused'>): Collected[] {
  return [
    number(
      'gauge',
      'anyrole_audit_events_waiting',
      'Audit events of reads and refusals that wait to be written.',
      waiting,
    ),
    number(
      'gauge',
      'anyrole_audit_requests_held',
      'Requests whose answer waits until there is room for their audit event.',
      held,
    ),
    number(
      'counter',
      'anyrole_audit_requests_refused_total',
      'Requests answered 503 because there was no room for their audit event.',
      refused,
    ),
  ];
}

/** What the operating system gives the process; names as other exporters have them. */
export function processMetrics(): Collected[] {
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  return [
    number('gauge', 'process_resident_memory_bytes', 'Resident memory of the process.', () =>
      process.memoryUsage.rss(),
    ),
    number('counter', 'process_cpu_seconds_total', 'Processor time of the process, user and system.', cpuSeconds),
  ];
}

/** A metric that is one number. */
function number(kind: Collected['kind'], name: string, help: string, value: () => number): Collected {
  return { kind, name, help, labels: [], collect: () => [{ value: value() }] };
}
