// Asks IAM for an instance profile with the credentials of a session: where IAM is, by what is said, the environment, and
// the partition; on the same way and as often as CreateSession; and that an unknown profile is an answer, not a failure.
import { attempted, attemptsOf } from '../attempts.ts';
import { failure, RolesAnywhereError } from '../errors.ts';
import type { ConnectionOptions } from '../options.ts';
import { AnswerError, type Outgoing, sendWithKey } from '../send.ts';
import { wayOf } from '../way.ts';
import type { Environment, World } from '../world.ts';
import { type InstanceProfile, readInstanceProfile } from './instance-profile.ts';
import type { Credentials } from './role-state.ts';

/** The connection is that of Roles Anywhere, its endpoint too: Anyrole serves IAM at the same. */
export type IamWay = ConnectionOptions & { readonly trustAnchorArn: string };

/** IAM's hosts and the Region that its signatures name. AWS doc: https://docs.aws.amazon.com/general/latest/gr/iam-service.html */
const homes: Readonly<Record<string, { readonly host: string; readonly region: string }>> = {
  aws: { host: 'iam.amazonaws.com', region: 'us-east-1' },
  'aws-cn': { host: 'iam.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
  'aws-us-gov': { host: 'iam.us-gov.amazonaws.com', region: 'us-gov-west-1' },
};

/** A function that gets a profile by its name; rejects with RolesAnywhereError, which has AWS's code where IAM refuses. */
export function readProfileOver(options: IamWay, world: World) {
  const { environment, now } = world;
  const [, partition = ''] = options.trustAnchorArn.split(':');
  const home = homes[partition] ?? { host: 'iam.amazonaws.com', region: 'us-east-1' };
  const endpoint = endpointOf(options, environment) ?? `https://${home.host}`;
  return async (name: string, credentials: Credentials): Promise<InstanceProfile | undefined> => {
    const form = { Action: 'GetInstanceProfile', Version: '2010-05-08', InstanceProfileName: name };
    const contentType = 'application/x-www-form-urlencoded';
    const body = new URLSearchParams(form).toString();
    const way = await wayOf(options, urlOf(endpoint), environment);
    return attempted(attemptsOf(options, environment), world, async () => {
      const outgoing = { endpoint, method: 'POST', path: '/', contentType, body, region: home.region, now: now() };
      const answer = await answerOf(outgoing, credentials, way);
      if (answer === undefined) return undefined;
      const found = readInstanceProfile(answer);
      if (found === undefined)
        throw failure('UnusableAnswer', "GetInstanceProfile's answer is not what IAM would send");
      return found;
    });
  };
}

function endpointOf({ endpoint }: IamWay, environment: Environment): string | undefined {
  const { AWS_ENDPOINT_URL_IAM: own, AWS_ENDPOINT_URL: all } = environment;
  return (own || endpoint || all || undefined)?.replace(/\/+$/, '');
}

function urlOf(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw failure('InvalidOptions', 'the endpoint of IAM is not `https://host[:port][/prefix]`');
}

/** Undefined: IAM knows none of the name. */
async function answerOf(
  outgoing: Outgoing,
  credentials: Credentials,
  way: Parameters<typeof sendWithKey>[3],
): Promise<string | undefined> {
  try {
    return await sendWithKey(outgoing, 'iam', credentials, way);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    if (error.code === 'NoSuchEntity') return undefined;
    const { code, sentence, status, requestId, retryAfterSeconds } = error;
    throw new RolesAnywhereError(code, sentence, { status, requestId, retryAfterSeconds, cause: error });
  }
}
