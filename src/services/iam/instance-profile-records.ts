// Instance profiles as records.
import type { Reader, Writer } from '../../store/store.ts';
import { type InstanceProfileRecord, instanceProfiles, keyOf } from './documents.ts';
import { NoSuchEntity } from './errors.ts';

/** The instance profile, or NoSuchEntity. AWS seen: the sentence. */
export async function foundInstanceProfile(
  reader: Reader,
  account: string,
  name: string,
): Promise<InstanceProfileRecord> {
  const profile = await instanceProfiles.get(reader, keyOf(account, name));
  if (profile === undefined) throw NoSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}

/** Reads, changes and writes one instance profile; gives the new one. */
export async function changedInstanceProfile(
  writer: Writer,
  account: string,
  name: string,
  change: (profile: InstanceProfileRecord) => InstanceProfileRecord,
): Promise<InstanceProfileRecord> {
  const profile = change(await foundInstanceProfile(writer, account, name));
  await instanceProfiles.put(writer, keyOf(account, name), profile);
  return profile;
}
