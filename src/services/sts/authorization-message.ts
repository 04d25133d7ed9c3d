// DecodeAuthorizationMessage: what stands behind the encoded message of a denied request. The message names the request
// alone; the denial is read from the audit event, for callers of the account that was denied.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import { optional, required, string, structure } from '../../contract/shape.ts';
import { obstaclesTo, obstacleText } from '../../core/policy/explain.ts';
import type { Document } from '../../store/store.ts';
import { type Call, operation, purposes } from '../call.ts';
import { type Denial, denialIn } from '../denials.ts';
import { InvalidAuthorizationMessageException } from './errors.ts';

export const DecodeAuthorizationMessage = operation({
  doc: 'Tells why a request was denied whose refusal came with an encoded message.',
  effect: 'read',
  errors: [InvalidAuthorizationMessageException],
  input: structure({
    EncodedMessage: required(string({ min: 1, max: 10_240 }), { doc: 'The message.' }),
  }),
  output: structure({ DecodedMessage: optional(string(), { doc: 'The denial, as JSON text.' }) }),
  access: () => [{ resource: '*' }],
  async run({ EncodedMessage: message }, call) {
    const requestId = requestIn(message, call);
    const event = requestId === undefined ? undefined : await call.eventOf(requestId);
    const denial = event === undefined ? undefined : denialIn(event);
    // Whether it is forged, another account's or too old is nobody's business. AWS seen: the sentence.
    if (event === undefined || denial === undefined) throw InvalidAuthorizationMessageException('Message is not valid');
    return { DecodedMessage: JSON.stringify(decoded(event, denial)) };
  },
});

/** The request's id in a message that this server made for the account, or undefined. */
function requestIn(message: string, call: Call): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(message)) return undefined;
  const opened = call.opened(purposes.authorizationMessage, Buffer.from(message, 'base64url'));
  const [account, requestId] = Buffer.from(opened ?? [])
    .toString()
    .split('/');
  return account === call.account ? requestId : undefined;
}

const items = <T>(list: readonly T[]) => ({ items: list });
const values = (texts: readonly string[]) => items(texts.map((value) => ({ value })));

/**
 * The denial in AWS's form: `matchedStatements` are those of an explicit deny. Ours: they name the policy, for its text is
 * not repeated; `failures` stays empty, as AWS's; `obstacles` says what would have allowed the request.
 */
function decoded(event: Document, denial: Denial) {
  const { action, resource, context, decision } = denial;
  const { principalId, userName, arn } = Object(Object(event).userIdentity);
  const isExplicit = decision.decision === 'explicitDeny';
  const denying = decision.matched.filter(({ effect }) => isExplicit && effect === 'Deny');
  return {
    allowed: false,
    explicitDeny: isExplicit,
    matchedStatements: items(
      denying.map(({ sid = '', policyName, statementIndex }) => ({
        statementId: sid,
        effect: 'DENY',
        policy: policyName,
        statementIndex,
      })),
    ),
    failures: items([]),
    context: {
      principal: { id: principalId, ...(userName === undefined ? {} : { name: userName }), arn },
      action,
      resource,
      conditions: items(Object.entries(context).map(([key, texts]) => ({ key, values: values(texts) }))),
    },
    obstacles: items(obstaclesTo(decision, denial).map(obstacleText)),
  };
}
