// `x509`: how fast certificate chains are parsed and validated, next to the signature verifications in them, and what a large
// revocation list costs.
import type { KeyName } from '../test/pki.ts';
import type { Effort } from './effort.ts';
import { type ChainResult, measureChain } from './x509-chains.ts';
import { type ListKind, type ListResult, measureList } from './x509-lists.ts';

/** One row of the table of cases. */
export type X509Case =
  | { readonly kind: 'chain'; readonly title: string; readonly key: KeyName; readonly intermediates: number }
  | { readonly kind: 'list'; readonly title: string; readonly entries: ListKind; readonly form: 'der' | 'pem' };

export type X509Result = ChainResult | ListResult;

const keys: readonly (readonly [KeyName, string])[] = [
  ['p256', 'P-256'],
  ['rsa2048', 'RSA-2048'],
  ['ml-dsa-65', 'ML-DSA-65'],
];

const chains = keys.flatMap(([key, title]) =>
  [1, 2, 3].map((intermediates) => {
    const asked: X509Case = { kind: 'chain', title: `${title}, ${intermediates}`, key, intermediates };
    return [`${key}-${intermediates}`, asked] as const;
  }),
);

export const x509Cases: Readonly<Record<string, X509Case>> = {
  ...Object.fromEntries(chains),
  'crl-der': { kind: 'list', title: 'DER, every second entry with a reason', entries: 'reasons', form: 'der' },
  'crl-pem': { kind: 'list', title: 'PEM, every second entry with a reason', entries: 'reasons', form: 'pem' },
  'crl-dates': { kind: 'list', title: 'DER, every entry with a reason and a date', entries: 'dates', form: 'der' },
};

/** Measures one case; what goes wrong, or breaks a bound, is a result with `failure`. */
export async function measureX509Case(asked: X509Case, effort: Effort): Promise<X509Result> {
  return asked.kind === 'chain' ? measureChain(asked, effort) : measureList(asked, effort);
}
