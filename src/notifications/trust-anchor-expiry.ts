// How long trust anchors last, for whoever scrapes: of each, the certificate that ends first.
import { parseCertificate } from '../core/x509/certificate.ts';
import { parsePemCertificates } from '../core/x509/pem.ts';
import { type TrustAnchorRecord, trustAnchors } from '../services/rolesanywhere/records.ts';
import type { Store } from '../store/store.ts';
import type { Collected, Series } from '../telemetry/metrics.ts';

/** Trust anchors looked at, of all accounts and Regions together, in the order of their keys; a scrape must stay cheap. */
const maxAnchors = 2000;
/** Documents of one read: the server answers others between two. */
const pageSize = 200;

/** The metric. What has been read of a trust anchor is remembered until it changes. */
export function trustAnchorExpiry(store: Store, now: () => Date): Collected {
  let known: ReadonlyMap<string, number> = new Map();
  return {
    name: 'anyrole_trust_anchor_expires_in_seconds',
    help: 'Seconds until the first certificate of a trust anchor expires, negative afterwards; soonest first.',
    kind: 'gauge',
    labels: ['account', 'region', 'trust_anchor_id'],
    async collect() {
      const seen = new Map<string, number>();
      const found: Series[] = [];
      for await (const { key, document: record } of anchors(store)) {
        const version = `${key}/${record.updatedAt}`;
        const notAfter = known.get(version) ?? firstNotAfter(record);
        seen.set(version, notAfter);
        const [account = '', region = '', trust_anchor_id = ''] = key.split('/');
        const value = (notAfter - now().getTime()) / 1000;
        if (Number.isFinite(value)) found.push({ labels: { account, region, trust_anchor_id }, value });
      }
      known = seen;
      return found.sort((one, other) => one.value - other.value);
    },
  };
}

async function* anchors(store: Store): AsyncGenerator<{ readonly key: string; readonly document: TrustAnchorRecord }> {
  let after: string | undefined;
  for (let count = 0; count < maxAnchors; count += pageSize) {
    const query = { prefix: '', limit: pageSize, ...(after === undefined ? {} : { after }) };
    const page = await store.read((reader) => trustAnchors.list(reader, query));
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.key;
  }
}

/** Milliseconds since 1970; infinite where no certificate can be read, which then is for CreateSession to tell. */
function firstNotAfter({ x509CertificateData }: TrustAnchorRecord): number {
  const bundle = parsePemCertificates(x509CertificateData);
  const ends = (bundle.ok ? bundle.certificates : []).flatMap((der) => {
    const read = parseCertificate(der);
    return read.ok ? [read.certificate.notAfter.getTime()] : [];
  });
  return Math.min(...ends);
}
