// What the claims of a verified identity token say to STS: for whom, and which tags and source identity the session gets.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html, "Passing session tags using
// AssumeRoleWithWebIdentity", and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html

/** The payload of a token whose signature, issuer and dates hold: still a stranger's JSON in everything else. */
export type TokenPayload = { readonly [claim: string]: unknown };

export type TokenIdentity = {
  readonly subject: string;
  /** `azp` where there is one, else the `aud` that the provider lists. */
  readonly audience: string;
  /** How the person was authenticated; empty: not said. */
  readonly amr: readonly string[];
  /** Tags as they are to be checked: keys may repeat in another case. */
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
};

export type IdentityVerdict =
  | { readonly ok: true; readonly identity: TokenIdentity }
  | { readonly ok: false; readonly reason: 'missingClaim' | 'badClaim'; readonly claim: string }
  | { readonly ok: false; readonly reason: 'otherAudience' };

const tagsClaim = 'https://aws.amazon.com/tags';
const sourceIdentityClaim = 'https://aws.amazon.com/source_identity';
/** Characters of a subject or an audience at most. AWS doc: webIdentitySubjectType. */
const maxText = 255;
/** Items that are read of one claim. More than fifty tags are refused later, as STS refuses them. */
const maxItems = 51;
const maxAmr = 16;

/** What the claims say where one of `clientIds` is their audience. */
export function readIdentity(payload: TokenPayload, clientIds: readonly string[]): IdentityVerdict {
  const { sub, aud, azp, amr } = payload;
  if (sub === undefined) return missing('sub');
  if (!isText(sub)) return bad('sub');
  if (aud === undefined) return missing('aud');
  const audiences = azp === undefined ? listOf(aud) : listOf(azp);
  if (audiences === undefined) return bad(azp === undefined ? 'aud' : 'azp');
  // AWS doc: the client ids of the provider must hold the azp of the token where it has one.
  const audience = audiences.find((one) => clientIds.includes(one));
  if (audience === undefined) return { ok: false, reason: 'otherAudience' };
  const methods = amr === undefined ? [] : listOf(amr, maxAmr);
  if (methods === undefined) return bad('amr');
  const tags = tagsOf(payload);
  if (tags === undefined) return bad(tagsClaim);
  const sourceIdentity = payload[sourceIdentityClaim];
  if (sourceIdentity === undefined) return { ok: true, identity: { subject: sub, audience, amr: methods, ...tags } };
  // AWS doc: the form of SourceIdentity in API_AssumeRole.html.
  if (typeof sourceIdentity !== 'string' || !/^[\w+=,.@-]{2,64}$/.test(sourceIdentity)) return bad(sourceIdentityClaim);
  return { ok: true, identity: { subject: sub, audience, amr: methods, ...tags, sourceIdentity } };
}

const missing = (claim: string) => ({ ok: false, reason: 'missingClaim', claim }) as const;
const bad = (claim: string) => ({ ok: false, reason: 'badClaim', claim }) as const;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxText;
}

/** One text, or a list of at most `most`; undefined when it is neither. */
function listOf(value: unknown, most = maxItems): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length <= most && list.every(isText) ? list : undefined;
}

/**
 * The tags of either form: one object, or one claim for each tag.
 * AWS doc: a value is a list of one text. Ours: a bare text is taken, too; a second value is refused, not dropped.
 */
function tagsOf(payload: TokenPayload): Pick<TokenIdentity, 'tags' | 'transitiveTagKeys'> | undefined {
  const nested = payload[tagsClaim] ?? {};
  if (!isObject(nested)) return undefined;
  const { principal_tags: principalTags = {}, transitive_tag_keys: keys = flat(payload, 'transitive_tag_keys') } =
    nested;
  if (!isObject(principalTags)) return undefined;
  const prefix = `${tagsClaim}/principal_tags/`;
  const flattened = Object.entries(payload).filter(([claim]) => claim.startsWith(prefix));
  const pairs = [
    ...Object.entries(principalTags),
    ...flattened.map(([claim, value]) => [claim.slice(prefix.length), value] as const),
  ];
  const transitiveTagKeys = Array.isArray(keys) && keys.length === 0 ? [] : listOf(keys);
  if (pairs.length > maxItems || transitiveTagKeys === undefined) return undefined;
  const tags = pairs.flatMap(([Key, value]) => {
    const Value = Array.isArray(value) && value.length === 1 ? value[0] : value;
    return isTag(Key, Value) ? [{ Key, Value }] : [];
  });
  return tags.length === pairs.length ? { tags, transitiveTagKeys } : undefined;
}

const flat = (payload: TokenPayload, name: string): unknown => payload[`${tagsClaim}/${name}`] ?? [];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function isTag(key: string, value: unknown): value is string {
  if (typeof value !== 'string' || key.length === 0 || key.length > 128 || value.length > 256) return false;
  return tagText.test(key) && tagText.test(value);
}
