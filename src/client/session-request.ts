// CreateSession as the official helper writes it since 1.5: the ARNs in the query, the rest in the body.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
import { type HeaderPair, percentEncode, type SignableRequest } from '../core/signature/canonical.ts';
import { signableX509Request, type X509SigningCertificate } from '../core/signature/x509.ts';
import type { Identity } from './identity.ts';
import type { SessionOptions } from './options.ts';

/** AWS doc: the helper's `--session-duration`. */
const defaultDurationSeconds = 3600;

/** The request that signatures cover: the path is `/sessions`, whatever prefix the endpoint has. `extra` goes before the rest. */
export function sessionRequest(options: SessionOptions, host: string, extra: readonly HeaderPair[]): SignableRequest {
  const { profileArn, roleArn, trustAnchorArn, durationSeconds = defaultDurationSeconds, roleSessionName } = options;
  const query = Object.entries({ profileArn, roleArn, trustAnchorArn });
  return {
    method: 'POST',
    path: '/sessions',
    rawQuery: query.map(([name, value]) => `${name}=${percentEncode(value)}`).join('&'),
    headers: [['Host', host], ...extra, ['Content-Type', 'application/json']],
    body: Buffer.from(JSON.stringify({ durationSeconds, roleSessionName })),
  };
}

/** All headers of the request, signed by the identity; `signedHeaders` as {@link signableX509Request} takes them. */
export async function signedHeaders(
  request: SignableRequest,
  { certificate, chainDer, algorithm, sign }: Identity,
  when: Pick<X509SigningCertificate, 'region' | 'now' | 'signedHeaders'>,
): Promise<readonly HeaderPair[]> {
  const { der: certificateDer, serialNumber } = certificate;
  const signing = { algorithm, certificateDer, serialNumber, chainDer, ...when };
  const { message, signedBy } = signableX509Request(request, signing);
  return [...request.headers, ...signedBy(await sign(message))];
}
