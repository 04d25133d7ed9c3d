// Notification settings of a trust anchor: which expiries are notified, and how many days ahead.
import { ValidationException } from './errors.ts';
import type { NotificationSettingRecord } from './records.ts';

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

type Setting = {
  readonly enabled: boolean;
  readonly event: NotificationSettingRecord['event'];
  readonly threshold?: number | undefined;
  readonly channel?: 'ALL' | undefined;
};

/** The defaults with the given settings in their places; throws ValidationException for an enabled one without a threshold. */
export function settingsWithDefaults(
  account: string,
  given: readonly Setting[] = [],
): readonly NotificationSettingRecord[] {
  for (const { enabled, event, threshold } of given) {
    // Ours: AWS documents the threshold as required when enabled, and not the answer where it is missing.
    if (enabled && threshold === undefined) throw ValidationException(`A threshold is required to enable ${event}.`);
  }
  return defaults.map((fallback) => {
    const own = given.findLast(({ event }) => event === fallback.event);
    if (own === undefined) return fallback;
    const { enabled, event, threshold = null } = own;
    return { enabled, event, threshold, channel: 'ALL', configuredBy: account };
  });
}
