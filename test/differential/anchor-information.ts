// A trust anchor as RFC 5280 §6.1.1(d) has it: a name and a key, and no certificate. Judges that take nothing but
// certificates are given a new one that says no more than that: self-signed, of a CA, with the name, key, key identifier and
// serial number of the old one, and with what core reads from an anchor's certificate and applies: its validity, its
// pathLenConstraint, its name constraints and what it says about policies.
import { Buffer } from 'node:buffer';
import { parseCertificate } from '../../src/core/x509/certificate.ts';
import { booleanOf, children, type Element, fieldsOf, oidOf, readElement, tags } from '../../src/core/x509/der.ts';
import { makeCa, type RawExtension } from '../pki.ts';
import { keysWithPublic } from './keys.ts';

/** subjectKeyIdentifier, nameConstraints, certificatePolicies, policyMappings, policyConstraints, inhibitAnyPolicy. */
const kept = ['2.5.29.14', '2.5.29.30', '2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'];

/** The anchor as information, DER; undefined when it cannot be read, or its key is none of this folder's. */
export function anchorAsInformation(anchor: Uint8Array): Uint8Array | undefined {
  const parsed = parseCertificate(anchor);
  const keys = parsed.ok ? keysWithPublic(parsed.certificate.spki) : undefined;
  if (!parsed.ok || !keys) return undefined;
  const { serialNumber: serial, notBefore, notAfter, extensions, tbs } = parsed.certificate;
  const fields = children(readElement(tbs));
  const [, , , , subject] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const identity = { subject: Buffer.from(subject?.raw ?? []), keys, serial };
  const { pathLenConstraint } = extensions.basicConstraints ?? {};
  const { der } = makeCa({
    ...identity,
    notBefore,
    notAfter,
    ...(pathLenConstraint === undefined ? {} : { pathLen: pathLenConstraint }),
    subjectKeyIdentifier: false,
    authorityKeyIdentifier: false,
    extensions: extensionsIn(fields).filter(({ oid }) => kept.includes(oid)),
  });
  return der;
}

function extensionsIn(fields: readonly Element[]): readonly RawExtension[] {
  const wrapped = fields.find(({ tag }) => tag === 0xa3);
  const [list] = wrapped ? children(wrapped) : [];
  return (list ? children(list) : []).map((element) => {
    const extension = fieldsOf(element);
    const oid = oidOf(extension.next());
    const critical = extension.optional(tags.boolean);
    return { oid, critical: critical !== undefined && booleanOf(critical), value: extension.next().content };
  });
}
