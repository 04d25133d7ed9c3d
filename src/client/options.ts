// What a program says to get credentials. Names are AWS's where AWS has one: of the SDK's settings, of CreateSession and of
// the official credential helper.
import type { KeyObject } from 'node:crypto';
import type { X509Algorithm } from '../core/signature/algorithms.ts';
import type { World } from './world.ts';

/**
 * A certificate, key, chain or PKCS #12 file: a path, or PEM text (a string that holds `-----BEGIN `), or the bytes of a
 * PEM, DER or PKCS #12 file, or a function that returns text or bytes. Paths and functions are read at every refresh.
 */
export type Material = string | URL | Uint8Array | (() => Content | Promise<Content>);

/** What a function returns: PEM text, or the bytes of a file. Never a path. */
export type Content = string | Uint8Array;

/** A private key that is elsewhere: in a KMS, a TPM, a smart card. */
export type Signer = {
  /**
   * The signature of `data` as it stands, nothing hashed before. `AWS4-X509-RSA-SHA256`: RSASSA-PKCS1-v1_5 with SHA-256.
   * `AWS4-X509-ECDSA-SHA256`: ECDSA with SHA-256 whatever the curve, DER. `AWS4-X509-MLDSA`: pure ML-DSA, empty context.
   */
  readonly sign: (algorithm: X509Algorithm, data: Uint8Array) => Uint8Array | Promise<Uint8Array>;
};

/** Who asks: the certificate, its key, and what leads to the trust anchor. */
export type IdentityOptions = {
  /** May hold the chain as well, and the key: a full-chain file, a combined PEM file, PKCS #12. */
  readonly certificate: Material;
  /** Absent: it stands with the certificate. */
  readonly privateKey?: Material | KeyObject | Signer;
  /** Intermediates that do not stand with the certificate. */
  readonly intermediates?: Material | readonly Material[];
  /** Of an encrypted key or of PKCS #12; asked for at every refresh when it is a function. */
  readonly password?: string | (() => string | Promise<string>);
};

/** For which session. */
export type SessionOptions = {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
  /** 900–43,200. Absent: 3,600, as the official helper asks. */
  readonly durationSeconds?: number;
  /** 2–64 of `[\w+=,.@-]`; only where the profile accepts one. */
  readonly roleSessionName?: string;
};

/** How the endpoint is found and reached. What is absent is taken from the environment. */
export type ConnectionOptions = {
  /** Absent: the trust anchor's. */
  readonly region?: string;
  /** `https://host[:port][/prefix]`. Absent: AWS_ENDPOINT_URL_ROLESANYWHERE, AWS_ENDPOINT_URL, then AWS's own. */
  readonly endpoint?: string;
  /** Absent: AWS_USE_FIPS_ENDPOINT. */
  readonly useFipsEndpoint?: boolean;
  /** Absent: AWS_USE_DUALSTACK_ENDPOINT. */
  readonly useDualstackEndpoint?: boolean;
  /** URL of a proxy; `false`: none. Absent: HTTPS_PROXY or HTTP_PROXY, less what NO_PROXY exempts. */
  readonly proxy?: string | false;
  /** The authorities that the server's certificate may lead to, in the place of Node's. Absent: the file of AWS_CA_BUNDLE. */
  readonly ca?: Material;
  /** `false`: the server's certificate is not checked, and whoever stands between may answer. For tests. */
  readonly verifySsl?: false;
  /** Attempts in all, 1–10. Absent: AWS_MAX_ATTEMPTS, then 3. */
  readonly maxAttempts?: number;
  /** Milliseconds for one attempt, connecting included. Absent: 10,000. */
  readonly timeoutMilliseconds?: number;
};

/** Everything that `createSession` and `fromRolesAnywhere` take. */
export type RolesAnywhereOptions = IdentityOptions &
  SessionOptions &
  ConnectionOptions & {
    /** In the place of the process's environment, clock and chance. */
    readonly world?: Partial<World>;
  };
