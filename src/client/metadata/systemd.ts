// What systemd and a service say to each other: sockets that are handed over, and notices of how the service is. Node can
// send no datagram to a unix socket, so that notices go by the program `systemd-notify`, which stands beside systemd.
// Spec: man 3 sd_listen_fds, man 3 sd_notify, man 1 systemd-notify
import { execFile } from 'node:child_process';

export type Environment = Readonly<Record<string, string | undefined>>;

const firstFd = 3;
const maxFds = 16;

/** The descriptors of the sockets that systemd hands to this process; none where it hands none, or hands them to another. */
export function handedSockets(environment: Environment, pid: number): readonly number[] {
  if (environment.LISTEN_PID !== String(pid)) return [];
  const text = environment.LISTEN_FDS ?? '';
  const count = /^\d{1,2}$/.test(text) ? Math.min(Number(text), maxFds) : 0;
  return Array.from({ length: count }, (_, index) => firstFd + index);
}

export type Notifier = {
  /** Sends `READY=1`, `STOPPING=1`, `WATCHDOG=1` and the like; rejects where `systemd-notify` does not run. */
  send(...assignments: readonly string[]): Promise<void>;
  /** Milliseconds between two `WATCHDOG=1`: half of what systemd waits. Absent: no watchdog is asked for. */
  readonly watchdogMs?: number;
};

/** A way to notify systemd; undefined where nobody listens. */
export function notifier(environment: Environment, pid: number): Notifier | undefined {
  if (!environment.NOTIFY_SOCKET) return undefined;
  const watchdogMs = watchdogInterval(environment, pid);
  return {
    send: (...assignments) =>
      new Promise((resolve, reject) => {
        // The child is not the service: the unit says NotifyAccess=all, and --pid names whom it speaks for.
        const args = [`--pid=${pid}`, ...assignments];
        const options = { env: { ...environment }, timeout: 5000 };
        execFile('systemd-notify', args, options, (error) => (error ? reject(error) : resolve()));
      }),
    ...(watchdogMs !== undefined && { watchdogMs }),
  };
}

function watchdogInterval({ WATCHDOG_USEC, WATCHDOG_PID }: Environment, pid: number): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  const microseconds = /^\d{1,15}$/.test(WATCHDOG_USEC ?? '') ? Number(WATCHDOG_USEC) : 0;
  return microseconds > 0 ? Math.max(1, Math.floor(microseconds / 2000)) : undefined;
}
