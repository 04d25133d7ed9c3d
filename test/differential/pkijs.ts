// The second of the other judges: the validation engine of pkijs, which reads, builds and judges with code of its own and
// verifies by WebCrypto.
import { Certificate, CertificateChainValidationEngine } from 'pkijs';
import { type Answer, fine, refused } from './answers.ts';
import type { Case } from './cases.ts';

/** pkijs's answer. Certificates of the pool that it cannot read are passed over. */
export async function pkijsAnswer({ leaf, intermediates, anchors, at }: Case): Promise<Answer> {
  const end = read(leaf);
  if (!end) return refused('the leaf cannot be read');
  const engine = new CertificateChainValidationEngine({
    trustedCerts: anchors.map(read).filter((one) => one !== undefined),
    certs: [...intermediates.map(read).filter((one) => one !== undefined), end], // The leaf last, by its convention.
    checkDate: at,
  });
  const { findIssuer } = engine;
  let left = maxLookups;
  engine.findIssuer = (...given) => {
    // It follows a circle of issuers without end.
    if (left-- <= 0) throw new Error('too many look-ups of an issuer');
    return findIssuer.apply(engine, given);
  };
  try {
    const { result, resultMessage } = await engine.verify();
    return result ? fine : refused(resultMessage === '' ? 'no reason is given' : resultMessage);
  } catch (error) {
    return refused(`exception: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const maxLookups = 200;

function read(der: Uint8Array): Certificate | undefined {
  try {
    return Certificate.fromBER(der);
  } catch {
    return undefined;
  }
}
