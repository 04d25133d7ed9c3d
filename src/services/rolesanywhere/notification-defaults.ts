// What is notified of a trust anchor: one setting for each event, AWS's defaults until somebody changes them.
import { ValidationException } from './errors.ts';
import type { NotificationSettingRecord } from './records.ts';

type Event = NotificationSettingRecord['event'];

/** AWS seen: CloudTrail record of CreateTrustAnchor, 2024-08-01; in this order. */
const defaults: readonly NotificationSettingRecord[] = (
  ['CA_CERTIFICATE_EXPIRY', 'END_ENTITY_CERTIFICATE_EXPIRY'] as const
).map((event) => ({
  enabled: true,
  event,
  threshold: 45,
  channel: 'ALL',
  configuredBy: 'rolesanywhere.amazonaws.com',
}));

/** A setting as a request gives it. There is one channel, so that the event alone names a setting. */
export type Setting = {
  readonly enabled: boolean;
  readonly event: Event;
  readonly threshold?: number | undefined;
  readonly channel?: 'ALL' | undefined;
};

/**
 * The settings, AWS's defaults unless `current` says others, with the given ones in their places; of two for one event
 * the last counts. Throws ValidationException for an enabled one without a threshold.
 */
export function settingsWith(
  given: readonly Setting[],
  account: string,
  current: readonly NotificationSettingRecord[] = defaults,
): readonly NotificationSettingRecord[] {
  for (const { enabled, event, threshold } of given) {
    // Ours: AWS documents the threshold as required when enabled, and not the answer where it is missing.
    if (enabled && threshold === undefined) throw ValidationException(`A threshold is required to enable ${event}.`);
  }
  return current.map((before) => {
    const own = given.findLast(({ event }) => event === before.event);
    if (own === undefined) return before;
    const { enabled, event, threshold = null } = own;
    return { enabled, event, threshold, channel: 'ALL', configuredBy: account };
  });
}

/** The settings with AWS's defaults in the places of these events. */
export function settingsWithout(
  events: readonly Event[],
  current: readonly NotificationSettingRecord[],
): readonly NotificationSettingRecord[] {
  return current.map(
    (before) => (events.includes(before.event) && defaults.find(({ event }) => event === before.event)) || before,
  );
}
