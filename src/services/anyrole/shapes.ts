// Shapes that several of the operator's operations share.
import { boolean, integer, oneOf, optional, pattern, required, string } from '../../contract/shape.ts';

/** The id of a resource: its record's key is made of it. */
export const Uuid = string({ min: 36, max: 36, pattern: pattern('[a-f0-9-]{36}') });

/** Items of a page: where the request does not say, and at most. */
export const pageSizes = Object.freeze({ default: 50, max: 100 });

/** The two members of every list request. */
export const pageMembers = {
  nextToken: optional(string({ min: 1, max: 10_000 }), { in: 'query', doc: 'Where the page before ended.' }),
  pageSize: optional(integer({ min: 1 }), {
    in: 'query',
    doc: 'Items of a page, 1 or more; at most 100 are given. Absent: 50.',
  }),
};
/** The token of every list answer. */
export const nextTokenMember = { nextToken: optional(string(), { doc: 'Where this page ended; absent on the last.' }) };

/** The members that tell whose something is that will end. */
export const trustAnchorMembers = {
  trustAnchorArn: required(string(), { doc: 'The ARN of the trust anchor that it belongs to.' }),
  trustAnchorId: required(string(), { doc: "The trust anchor's unique identifier." }),
  trustAnchorName: required(string(), { doc: "The trust anchor's name." }),
  trustAnchorEnabled: required(boolean, { doc: 'Whether CreateSession may use the trust anchor.' }),
};
/** The members that tell how far from its end something is. */
export const endMembers = {
  daysLeft: required(integer(), { doc: 'Whole days until then, rounded down; negative afterwards.' }),
  state: required(oneOf('expired', 'notYetValid', 'expiringSoon'), { doc: 'How it stands now.' }),
};
