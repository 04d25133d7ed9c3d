// Subjects: the distinguished names that were given sessions. No operation makes one; CreateSession does in passing.
import { createHash } from 'node:crypto';
import type { Certificate } from '../../core/x509/certificate.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import type { Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { arnOf, placeOf, subjects } from './records.ts';

/** Notes that the subject was seen; gives its ARN. The same name in the same account and Region is the same subject. */
export async function seen(writer: Writer, { subject }: Certificate, call: Call): Promise<string> {
  const id = subjectId(placeOf(call) + subject.key);
  const now = call.now.toISOString();
  const known = await subjects.get(writer, placeOf(call) + id);
  const created = { id, arn: arnOf(call, `subject/${id}`), x509Subject: rfc2253(subject), createdAt: now };
  const record = { ...(known ?? created), lastSeenAt: now };
  await subjects.put(writer, placeOf(call) + id, record);
  return record.arn;
}

/** A UUID that is a digest of the name, so that no index leads from names to ids. Spec: RFC 9562 §5.8 */
function subjectId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
