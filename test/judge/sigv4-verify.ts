// sigv4-verify: does the one key the case knows accept this AWS4-HMAC-SHA256 request, header or presigned?
import { parseSignature, verifySignature } from '../../src/core/signature/hmac.ts';
import { requestOf } from './request.ts';
import { asObject, flag, instant, invalid, type JsonObject, optionalText, text, type Verdict } from './subcommand.ts';

/** Members read: `now, region, service, normalizePath?, omitToken?, credentials, presigned?, request`. */
export function sigv4Verify(line: JsonObject): Verdict {
  const request = requestOf(line);
  const credentials = asObject(line.credentials, '`credentials`');
  const now = instant(line, 'now');
  const found = parseSignature(request);
  if (!found.ok) return invalid(found.reason);
  const parsed = found.signature;
  if (typeof line.presigned === 'boolean' && line.presigned !== parsed.presigned) return invalid('presignedForm');
  if (parsed.accessKeyId !== text(credentials, 'accessKeyId')) return invalid('unknownAccessKey');
  if (parsed.sessionToken !== optionalText(credentials, 'sessionToken')) return invalid('sessionToken');
  const verdict = verifySignature({
    request,
    parsed,
    secretAccessKey: text(credentials, 'secretAccessKey'),
    now,
    normalizePath: flag(line, 'normalizePath', true),
    omitToken: flag(line, 'omitToken', false),
    region: text(line, 'region'),
    service: text(line, 'service'),
  });
  return verdict.ok ? { result: 'valid' } : invalid(verdict.reason);
}
