// The list in fetched bytes.
import { type ParsedCrl, parseCrl } from '../core/x509/crl.ts';

/** The list, or what is wrong with the bytes. Never rejects. */
export async function parseList(bytes: Uint8Array): Promise<ParsedCrl> {
  return parseCrl(bytes);
}
