// IAM Roles Anywhere: what is served, and what AWS's model lists besides.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import * as attributeMappings from './attribute-mappings.ts';
import * as createSession from './create-session.ts';
import * as crls from './crls.ts';
import * as notificationSettings from './notification-settings.ts';
import * as profiles from './profiles.ts';
import * as subjects from './subjects.ts';
import * as tags from './tags.ts';
import * as trustAnchors from './trust-anchors.ts';

export const rolesanywhere = service<Call>({
  name: 'rolesanywhere',
  protocol: 'rest-json',
  version: '2018-05-10',
  modules: [trustAnchors, profiles, attributeMappings, crls, subjects, notificationSettings, tags, createSession],
  // AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_Operations.html, and CreateSession, which
  // the model leaves out.
  awsOperations: [
    'CreateProfile',
    'CreateSession',
    'CreateTrustAnchor',
    'DeleteAttributeMapping',
    'DeleteCrl',
    'DeleteProfile',
    'DeleteTrustAnchor',
    'DisableCrl',
    'DisableProfile',
    'DisableTrustAnchor',
    'EnableCrl',
    'EnableProfile',
    'EnableTrustAnchor',
    'GetCrl',
    'GetProfile',
    'GetSubject',
    'GetTrustAnchor',
    'ImportCrl',
    'ListCrls',
    'ListProfiles',
    'ListSubjects',
    'ListTagsForResource',
    'ListTrustAnchors',
    'PutAttributeMapping',
    'PutNotificationSettings',
    'ResetNotificationSettings',
    'TagResource',
    'UntagResource',
    'UpdateCrl',
    'UpdateProfile',
    'UpdateTrustAnchor',
  ],
});
