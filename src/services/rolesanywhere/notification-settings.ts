// The operations that change which expiries of a trust anchor are notified, and how many days ahead. What is not named
// keeps its setting.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
import { list, optional, required, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { settingsWith, settingsWithout } from './notification-defaults.ts';
import { NotificationChannel, NotificationEvent, NotificationSettings, Uuid } from './shapes.ts';
import { change, onAnchor, TrustAnchor } from './trust-anchors.ts';

const trustAnchorId = required(Uuid, { doc: 'The unique identifier of the trust anchor.' });
const output = structure({ trustAnchor: required(TrustAnchor, { doc: 'The trust anchor.' }) });
const errors = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;
const NotificationSettingKey = structure({
  event: required(NotificationEvent, { doc: 'The event.' }),
  channel: optional(NotificationChannel, { doc: 'The channel. Absent: ALL.' }),
});

export const PutNotificationSettings = operation({
  doc: 'Replaces the settings of the events that are given; other events keep theirs.',
  // The plural is AWS's.
  http: 'PATCH /put-notifications-settings 200',
  effect: 'write',
  errors,
  input: structure({
    trustAnchorId,
    notificationSettings: required(NotificationSettings, { doc: 'The new settings.' }),
  }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  run: ({ trustAnchorId: id, notificationSettings: given }, call) =>
    change(call, id, (record) => ({
      ...record,
      notificationSettings: settingsWith(given, call.account, record.notificationSettings),
    })),
});

export const ResetNotificationSettings = operation({
  doc: "Puts AWS's defaults in the place of the settings of the events that are given.",
  http: 'PATCH /reset-notifications-settings 200',
  effect: 'write',
  errors,
  input: structure({
    trustAnchorId,
    notificationSettingKeys: required(list(NotificationSettingKey, { min: 0, max: 50 }), {
      doc: 'The settings to reset.',
    }),
  }),
  output,
  access: (input, call) => onAnchor(call, input.trustAnchorId),
  run: ({ trustAnchorId: id, notificationSettingKeys: keys }, call) =>
    change(call, id, (record) => ({
      ...record,
      notificationSettings: settingsWithout(
        keys.map(({ event }) => event),
        record.notificationSettings,
      ),
    })),
});
