// What CreateSession needs before it can answer, made over the public API: a trust anchor, a role, a profile.
import { type AccessKey, sendWithKey, xmlText } from '../src/client/send.ts';

export const region = 'us-east-1';

/** The root key of the servers under measurement: throw-away, of this process's making. */
export type RootKey = Pick<AccessKey, 'accessKeyId' | 'secretAccessKey'>;

/** The three ARNs that a request names. */
export type Arns = { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

const trustPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'rolesanywhere.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    },
  ],
};

/** Makes them on the server; throws AnswerError where it refuses. `anchorPem` is the authority that is trusted. */
export async function prepareAccount(endpoint: string, key: RootKey, anchorPem: string): Promise<Arns> {
  const rest = async (path: string, body: unknown) => {
    const contentType = 'application/json';
    const asked = { endpoint, method: 'POST', path, contentType, body: JSON.stringify(body), region, now: new Date() };
    return JSON.parse(await sendWithKey(asked, 'rolesanywhere', key));
  };
  const form = new URLSearchParams({
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'Bench',
    AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
  });
  const contentType = 'application/x-www-form-urlencoded';
  const asked = { endpoint, method: 'POST', path: '/', contentType, body: form.toString(), region, now: new Date() };
  const roleArn = xmlText(await sendWithKey(asked, 'iam', key), 'Arn') ?? '';
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: anchorPem } };
  const { trustAnchor } = await rest('/trustanchors', { name: 'bench', source, enabled: true });
  const { profile } = await rest('/profiles', { name: 'bench', roleArns: [roleArn], enabled: true });
  return { trustAnchorArn: trustAnchor.trustAnchorArn, profileArn: profile.profileArn, roleArn };
}
