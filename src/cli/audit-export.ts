// `anyrole audit export`: events as lines of JSON. With --chain the lines carry place and hash, and verify by themselves.
import { headText } from '../audit/chain.ts';
import { exportLines } from '../audit/export.ts';
import { headTags, signerFor } from '../audit/opening.ts';
import { headIn, identitiesIn } from '../audit/reading.ts';
import { endsOf, eventsByTime, placeBefore } from '../audit/walking.ts';
import { type AuditDirectory, openAuditDirectory } from '../audit-directory.ts';
import { ConfigError } from '../config.ts';
import { type FilterFlags, filterOf, print } from './audit-lines.ts';

export type AuditExportFlags = FilterFlags & { readonly dataDir: string; readonly chain?: boolean };

/** Throws ConfigError; an Error where the chain is not whole enough to be signed. */
export async function auditExport(flags: AuditExportFlags): Promise<void> {
  const now = new Date();
  const filter = filterOf(flags, now);
  const directory = openAuditDirectory(flags.dataDir);
  try {
    if (flags.chain) await printChains(directory, filter.since, now);
    else for await (const { text } of eventsByTime(directory.source, filter)) await print(text);
  } finally {
    directory.close();
  }
}

async function printChains({ source, keyring }: AuditDirectory, since: string | undefined, time: Date): Promise<void> {
  if (keyring === undefined)
    throw new ConfigError('--chain: keyring.json is missing, and the export is signed with it');
  for (const identity of await source.read(identitiesIn)) {
    const { chain } = identity;
    const signer = signerFor(keyring, identity);
    const head = await source.read((rows) => headIn(rows, chain));
    if (signer === undefined || head === undefined || !headTags(keyring).holds(headText(chain, head), head.tag)) {
      throw new Error(`the head of the chain ${chain} is not as the server left it: see \`anyrole audit verify\``);
    }
    const after = since === undefined ? (await endsOf(source, chain)).first : await placeBefore(source, chain, since);
    for await (const line of exportLines(source, chain, signer, { after, head, time })) await print(line);
  }
}
