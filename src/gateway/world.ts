// What the gateway is made with: everything that is not a function of the request. main.ts makes it, tests make another.
import type { AuditChain } from '../audit/chain.ts';
import type { Keyring } from '../keyring.ts';
import type { FetchedCrls } from '../services/fetched-crls.ts';
import type { Settings } from '../services/settings.ts';
import type { Issuers } from '../services/web-identity.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { Knowledge } from './knowledge.ts';
import type { LastUses } from './last-uses.ts';
import type { Services } from './route.ts';
import type { Throttle } from './throttle.ts';

export type World = {
  readonly services: Services;
  readonly settings: Settings;
  readonly throttle: Throttle;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly knowledge: Knowledge;
  readonly fetchedCrls: FetchedCrls;
  readonly issuers: Issuers;
  readonly lastUses: LastUses;
  readonly recorder: Recorder;
  readonly auditChain: AuditChain;
  readonly log: Log;
  readonly metrics: Metrics;
  now(): Date;
  newId(): string;
  randomBytes(size: number): Uint8Array;
};
