// What a value of Resource or NotResource must look like, with the sentence AWS uses for each way in which it does not.
// AWS seen: 2017-2020, recorded by moto's authors, for the order and for the sentences.
import { arnFields } from './match.ts';

const PARTITION = /^aws(-[a-z]+)*$/;
const IAM_TYPES = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
];

/**
 * S3 resources that lie in a Region, unlike buckets and objects.
 * AWS doc: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const S3_REGIONAL_TYPES = [
  'accesspoint/',
  'job/',
  'storage-lens/',
  'storage-lens-group/',
  'access-grants/',
  'async-request/',
];

/** Text with each policy variable cut down to its `$`, so that colons inside it do not count as separators. */
const opaque = (text: string, variables: boolean): string => (variables ? text.replace(/\$\{[^}]*\}/g, '$$') : text);

/** The rules of the two services whose ARNs AWS knows when it reads a policy. `resource` is undefined in a short ARN. */
function vendorFormat(text: string, vendor: string, region: string, resource: string | undefined): string | undefined {
  const isOf = (types: readonly string[]): boolean =>
    resource === '*' || types.some((type) => resource?.startsWith(type));
  if (vendor === 'iam') {
    if (region !== '') return `IAM resource ${text} cannot contain region information.`;
    if (resource === undefined || isOf(IAM_TYPES)) return undefined;
    return `IAM resource path must either be "*" or start with ${IAM_TYPES.join(', ')}.`;
  }
  if (vendor !== 's3' || region === '' || isOf(S3_REGIONAL_TYPES)) return undefined;
  return `Resource ${text} can not contain region information.`;
}

/**
 * The sentence about a resource that is no ARN, or undefined. AWS takes whatever stands before the first colon for `arn`,
 * fills up with `*`, and only then looks at the fields. What is malformed for `resourceLegacy` is left to it.
 */
export function resourceFormat(written: string, variables: boolean): string | undefined {
  const text = opaque(written, variables);
  if (text === '*') return undefined;
  if (!text.includes(':')) return `Resource ${written} must be in ARN format or "*".`;
  const given = text.split(':').slice(1);
  const filled = ['arn', ...given, ...new Array<string>(Math.max(0, 5 - given.length)).fill('*')];
  const [, partition = '', vendor = ''] = filled;
  const resource = given.length < 5 ? undefined : given.slice(4).join(':');
  if (!PARTITION.test(partition) && !/[*?]/.test(partition)) {
    return `Partition "${partition}" is not valid for resource "${filled.join(':')}".`;
  }
  if (/[*?]/.test(vendor)) return 'Resource vendor must be fully qualified and cannot contain regexes.';
  return legacyFault(text) ? undefined : vendorFormat(written, vendor, given[2] ?? '', resource);
}

function legacyFault(text: string): boolean {
  if (text === '*') return false;
  const fields = text.split(':');
  const short = fields.length < 6 && text.includes('::');
  const variableEarly = (arnFields(text)?.slice(0, 5) ?? fields.slice(0, 5)).some((field) => field.includes('$'));
  return short || variableEarly || fields[0] !== 'arn' || fields[2] === '';
}

/**
 * The sentence about a resource that AWS's older parser refuses, or undefined.
 * AWS doc: reference_policies_variables.html: variables only after the fifth colon. Ours: elsewhere they are refused.
 */
export const resourceLegacy = (written: string, variables: boolean): string | undefined =>
  legacyFault(opaque(written, variables)) ? 'The policy failed legacy parsing' : undefined;
