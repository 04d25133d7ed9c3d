// `anyrole audit key`: the public key of each chain, for whoever verifies elsewhere.
import { publicKeyOf } from '../audit/opening.ts';
import { identitiesIn } from '../audit/reading.ts';
import { openAuditDirectory } from '../audit-directory.ts';
import { ConfigError } from '../config.ts';
import { print } from './audit-lines.ts';

/** Throws ConfigError where there is no chain, or no key of the ring opens one's key. */
export async function auditKey({ dataDir }: { readonly dataDir: string }): Promise<void> {
  const { source, keyring, close } = openAuditDirectory(dataDir);
  try {
    const identities = await source.read(identitiesIn);
    if (keyring === undefined) throw new ConfigError(`--data-dir \`${dataDir}\`: keyring.json is missing`);
    if (identities.length === 0) throw new ConfigError(`--data-dir \`${dataDir}\`: no audit chain is begun there`);
    for (const identity of identities) {
      const key = publicKeyOf(keyring, identity);
      if (key === undefined) throw new ConfigError(`no key of keyring.json opens that of the chain ${identity.chain}`);
      await print(`chain ${identity.chain}, begun ${identity.startedAt}`);
      await print(key.export({ format: 'pem', type: 'spki' }).toString().trimEnd());
    }
  } finally {
    close();
  }
}
