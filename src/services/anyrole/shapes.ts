// Shapes that several of the operator's operations share.
import { integer, optional, pattern, string } from '../../contract/shape.ts';

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
