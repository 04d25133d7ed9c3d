// Asks IAM for an instance profile with the credentials of a session: where IAM is, by what is said, the environment, and
// the partition; and that an unknown profile is an answer, not a failure.
import { AnswerError, sendWithKey } from '../send.ts';
import { type InstanceProfile, readInstanceProfile } from './instance-profile.ts';
import type { Credentials } from './role-state.ts';

export type IamWay = {
  readonly trustAnchorArn: string;
  /** The endpoint that was said for Roles Anywhere: Anyrole serves IAM at the same. */
  readonly endpoint?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
};

/** IAM's hosts and the Region that its signatures name. AWS doc: https://docs.aws.amazon.com/general/latest/gr/iam-service.html */
const homes: Readonly<Record<string, { readonly host: string; readonly region: string }>> = {
  aws: { host: 'iam.amazonaws.com', region: 'us-east-1' },
  'aws-cn': { host: 'iam.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
  'aws-us-gov': { host: 'iam.us-gov.amazonaws.com', region: 'us-gov-west-1' },
};

/** A function that gets a profile by its name; rejects with AnswerError where IAM refuses. */
export function readProfileOver(way: IamWay) {
  const [, partition = ''] = way.trustAnchorArn.split(':');
  const home = homes[partition] ?? { host: 'iam.amazonaws.com', region: 'us-east-1' };
  const { AWS_ENDPOINT_URL_IAM: own, AWS_ENDPOINT_URL: all } = way.environment;
  const endpoint = (own || way.endpoint || all || `https://${home.host}`).replace(/\/+$/, '');
  return async (name: string, credentials: Credentials): Promise<InstanceProfile | undefined> => {
    const form = { Action: 'GetInstanceProfile', Version: '2010-05-08', InstanceProfileName: name };
    const contentType = 'application/x-www-form-urlencoded';
    const body = new URLSearchParams(form).toString();
    const outgoing = { endpoint, method: 'POST', path: '/', contentType, body, region: home.region, now: way.now() };
    try {
      const found = readInstanceProfile(await sendWithKey(outgoing, 'iam', credentials));
      if (found === undefined) throw new Error('the answer of GetInstanceProfile is not what IAM would send');
      return found;
    } catch (error) {
      if (error instanceof AnswerError && error.code === 'NoSuchEntity') return undefined;
      throw error;
    }
  };
}
