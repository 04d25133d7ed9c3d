// Retention: the oldest events go, by age or by size, and a signed mark says where the chain was cut.

/** The mark of where a chain was cut, by chain. */
export const cutCollection = 'audit/cuts';
