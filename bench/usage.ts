// What another process takes of the machine, as Linux tells it. Elsewhere nothing is known.
import { readFileSync } from 'node:fs';

/** Clock ticks of /proc per second: USER_HZ, 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/** Milliseconds of processor time, all threads, user and system; NaN where it is not known. */
export function processorMs(pid: number): number {
  // The name of the program, in brackets, may hold anything; utime and stime are the 12th and 13th behind it.
  const fields =
    procText(pid, 'stat')
      ?.replace(/^.*\) /s, '')
      .split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Resident memory in MB (10⁶ bytes); NaN where it is not known. */
export function residentMb(pid: number): number {
  return statusMb(pid, 'VmRSS');
}

/** Resident memory at its most, since the process began, in MB (10⁶ bytes); NaN where it is not known. */
export function peakResidentMb(pid: number): number {
  return statusMb(pid, 'VmHWM');
}

function statusMb(pid: number, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(procText(pid, 'status') ?? '') ?? [];
  return (Number(kilobytes) * 1024) / 1e6;
}

function procText(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // no Linux, or the process is gone
  }
}
