// A denial as the operator may read it later: what was asked, in which circumstances, and the whole decision. One form for
// whoever refuses and whoever explains.
import type { Reason } from '../contract/error.ts';
import type { Decision, StatementReference } from '../core/policy/evaluate.ts';
import type { PolicyRequest } from '../core/policy/request.ts';
import type { Document } from '../store/store.ts';

/** What policies denied. */
export type Denial = {
  readonly action: string;
  readonly resource: string;
  /** Condition keys in lower case, and their values: those of the request as the policies saw it. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly decision: Decision;
};

/** Longest text of the request's own that is repeated, in characters, and values of one key at most. */
const maxText = 2048;
const maxValues = 100;

/**
 * The denial as the reason of an error. It goes into the trail of the caller's account: statements of another account's
 * policies are left out.
 */
export function denialReason(request: PolicyRequest, decision: Decision): Reason & Denial {
  const { action, resource, context } = request;
  const shown = [...context.entries()].map(([key, values]) => [
    key.slice(0, maxText),
    values.slice(0, maxValues).map((value) => value.slice(0, maxText)),
  ]);
  return {
    reason: decision.because,
    action,
    resource: resource.slice(0, maxText),
    context: Object.fromEntries(shown),
    decision: isForeign(request) ? withoutResource(decision) : decision,
  };
}

/** An AWS service and an identity provider speak to the account whose resource it is. */
const isForeign = ({ principal, resourceAccount }: PolicyRequest): boolean =>
  principal.account !== undefined && resourceAccount !== undefined && principal.account !== resourceAccount;

function withoutResource(decision: Decision): Decision {
  const isOwn = ({ kind }: StatementReference) => kind !== 'resource' && kind !== 'trust';
  const { decidedBy, matched, nearMisses } = decision;
  return {
    ...decision,
    decidedBy: decidedBy && isOwn(decidedBy) ? decidedBy : undefined,
    matched: matched.filter(isOwn),
    nearMisses: nearMisses.filter(isOwn),
  };
}

/** The explanations of an audit event, the refusal's own last; empty where it has none. */
export function explanationsIn(event: Document): readonly Readonly<Record<string, Document>>[] {
  const { additionalEventData } = Object(event);
  // The gateway writes a list of reasons there, or nothing.
  return (Object(additionalEventData).explanations ?? []) as readonly Readonly<Record<string, Document>>[];
}

/** The denial that an audit event tells of, or undefined: it was none, or too long to be kept. */
export function denialIn(event: Document): Denial | undefined {
  const last = explanationsIn(event).at(-1);
  if (last?.decision === undefined || last.context === undefined) return undefined;
  // INVARIANT: a reason with a decision and a context is made by `denialReason` alone.
  return last as unknown as Denial;
}
