// Session tokens of IMDSv2. A token carries its own end and is sealed with a key of this process, so that none is kept:
// whoever asks for a million of them fills no memory and pushes nobody else's out. A restart ends them all; clients ask anew
// at the 401.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds a token may be asked to live. AWS doc: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html */
export const tokenTtlBounds = { min: 1, max: 21_600 } as const;

export type Tokens = {
  /** A new token of 56 characters that lives so many seconds. */
  issue(ttlSeconds: number): string;
  /** Seconds that the token has left, at least 1; undefined where it is not ours, was changed or has ended. */
  secondsLeft(token: string): number | undefined;
};

export type TokenWorld = { readonly now: () => Date; readonly randomBytes: (size: number) => Buffer };

/** Layout in bytes: what EC2's tokens begin with, the end in seconds since 1970, chance, the seal. Shown as base64url with `==`, as EC2 does. */
const layout = { mark: 4, end: 4, chance: 8, seal: 24 } as const;
const mark = Buffer.from([1, 0, 0, 0]);
const sealed = layout.mark + layout.end + layout.chance;
const form = /^[\w-]{54}==$/;

/** Tokens of one process; `randomBytes` makes their key, too. */
export function imdsTokens({ now, randomBytes }: TokenWorld): Tokens {
  const key = randomBytes(32);
  const sealOf = (head: Buffer) => createHmac('sha256', key).update(head).digest().subarray(0, layout.seal);
  return {
    issue(ttlSeconds) {
      const end = Buffer.alloc(layout.end);
      end.writeUInt32BE(Math.floor(now().getTime() / 1000) + ttlSeconds);
      const head = Buffer.concat([mark, end, randomBytes(layout.chance)]);
      return `${Buffer.concat([head, sealOf(head)]).toString('base64url')}==`;
    },
    secondsLeft(token) {
      if (!form.test(token)) return undefined;
      const bytes = Buffer.from(token, 'base64url');
      const head = bytes.subarray(0, sealed);
      // Constant-time: how far a guess is right must not show.
      if (!timingSafeEqual(bytes.subarray(sealed), sealOf(head))) return undefined;
      const left = head.readUInt32BE(layout.mark) - Math.floor(now().getTime() / 1000);
      return left >= 1 ? left : undefined;
    },
  };
}
