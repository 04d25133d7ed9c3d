// What an operator may set: AWS's quotas, and where AWS's behaviour is a choice.

/** AWS's quotas by name. AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html */
export type Quotas = {
  /** Per account and Region. */
  readonly trustAnchors: number;
  /** Per account and Region. */
  readonly profiles: number;
  readonly certificatesPerTrustAnchor: number;
  readonly crlsPerTrustAnchor: number;
};

/** A private certificate authority that the operator vouches for, in the place of AWS Private CA. */
export type PrivateCa = {
  /** `arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID`. */
  readonly arn: string;
  /** PEM of the CA's certificate. */
  readonly certificatePem: string;
};

export type Settings = {
  readonly quotas: Quotas;
  /** CreateSession refuses a request without instance properties where the profile requires them. AWS does not. */
  readonly enforceInstanceProperties: boolean;
  /** By ARN. */
  readonly privateCas: ReadonlyMap<string, PrivateCa>;
};

/** AWS's own. */
export const defaultSettings: Settings = Object.freeze({
  quotas: { trustAnchors: 50, profiles: 250, certificatesPerTrustAnchor: 2, crlsPerTrustAnchor: 2 },
  enforceInstanceProperties: false,
  privateCas: new Map(),
});
