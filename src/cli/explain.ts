// `anyrole explain`: why a request came out as it did. Asks a running server, signed with the caller's AWS credentials, and
// prints for people; the server says who may ask.
import { type AccessKey, AnswerError, sendWithKey } from '../client/send.ts';
import { ConfigError, defaultListen, type Environment } from '../config.ts';

export type ExplainFlags = { readonly endpoint?: string; readonly region?: string; readonly json?: boolean };

/** What GetExplanation answers. */
type Explanation = {
  readonly requestId: string;
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly caller: Readonly<Record<string, string>>;
  readonly outcome: 'succeeded' | 'refused';
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly denial?: Denial;
  readonly findings: readonly { readonly reason: string; readonly facts: Readonly<Record<string, string>> }[];
};

type Denial = {
  readonly action: string;
  readonly resource: string;
  readonly decision: string;
  readonly statements: readonly Statement[];
  readonly obstacles: readonly string[];
};

type Statement = {
  readonly policy: string;
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly decided: boolean;
  readonly unmetConditions: readonly {
    readonly operator: string;
    readonly key: string;
    readonly wanted: readonly string[];
    readonly met: readonly string[];
  }[];
};

/** Prints the explanation. Throws ConfigError, and an error with AWS's words where the server refuses. */
export async function explain(requestId: string, flags: ExplainFlags, environment: Environment): Promise<void> {
  const region = flags.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1';
  const request = {
    endpoint: endpointOf(flags.endpoint ?? environment.AWS_ENDPOINT_URL),
    method: 'GET',
    path: `/explanations/${encodeURIComponent(requestId)}`,
    contentType: 'application/json',
    body: '',
    region,
    now: new Date(),
  };
  const answer = await sendWithKey(request, 'anyrole', keyOf(environment)).catch((cause) => {
    throw cause instanceof AnswerError ? cause : new Error(`${request.endpoint} does not answer`, { cause });
  });
  // The server made it, by the shape of GetExplanation.
  const { explanation } = JSON.parse(answer) as { readonly explanation: Explanation };
  process.stdout.write(flags.json ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation));
}

/** Scheme, host and port; a path after them is left out. */
function endpointOf(given = `http://${defaultListen}`): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new ConfigError(`--endpoint \`${given}\`: expected a URL such as http://${defaultListen}`);
}

function keyOf(environment: Environment): AccessKey {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment;
  if (!accessKeyId || !secretAccessKey) {
    throw new ConfigError('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: expected credentials that may explain');
  }
  return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) };
}

/** The explanation for people: a paragraph for each question. */
export function explanationText(explanation: Explanation): string {
  const { caller, denial, findings, errorCode, errorMessage } = explanation;
  const service = explanation.eventSource.replace('.amazonaws.com', '');
  const lines = [
    `request    ${explanation.requestId}`,
    `asked      ${service}:${explanation.eventName} in ${explanation.awsRegion}, ${explanation.eventTime}`,
    `by         ${callerText(caller)}, from ${explanation.sourceIPAddress}`,
    `outcome    ${errorCode === undefined ? 'succeeded' : `${errorCode}: ${errorMessage}`}`,
    ...(denial === undefined ? [] : denialLines(denial)),
    ...findings.flatMap(({ reason, facts }) => ['', words(reason), ...factLines(facts)]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** Texts of strangers may hold what a terminal would obey. */
const printable = (line: string): string => line.replace(/\p{C}/gu, '\ufffd');

function callerText({ type, arn, subject, certificate, principalId }: Explanation['caller']): string {
  if (certificate !== undefined) return `the holder of ${subject} (SHA-256 ${certificate})`;
  return arn ?? `${type} ${principalId ?? ''}`.trim();
}

function denialLines({ action, resource, decision, statements, obstacles }: Denial): readonly string[] {
  return [
    '',
    `denied     ${action} on ${resource}, ${decision === 'explicitDeny' ? 'by a Deny' : 'for want of an Allow'}`,
    ...statements.flatMap((statement) => [
      `  ${statementText(statement)}`,
      ...statement.unmetConditions.map(
        ({ operator, key, wanted, met }) =>
          `      ${operator} ${key}: ${wanted.join(', ')}; the request has ${met.length === 0 ? 'none' : met.join(', ')}`,
      ),
    ]),
    ...(obstacles.length === 0 ? [] : ['', 'to be allowed', ...obstacles.map((obstacle) => `  ${obstacle}`)]),
  ];
}

function statementText({ policy, index, sid, effect, decided, unmetConditions }: Statement): string {
  const name = `${effect}, statement ${index + 1}${sid === undefined ? '' : ` (${sid})`} of ${policy}`;
  if (decided) return `${name}: decided`;
  return unmetConditions.length === 0 ? `${name}: applied` : `${name}: would have applied but for`;
}

const factLines = (facts: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(facts).map(([name, value]) => `  ${words(name).padEnd(16)} ${value}`);

/** `roleNotInProfile` as people write it. */
const words = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
