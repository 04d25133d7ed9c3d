// Names of what the operator's operations are about. `Ours:` AWS has no such resources, and these ARNs stand in policies
// alone.
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';

/** `arn:…:anyrole:REGION:ACCOUNT:` and the resource, e.g. `certificate/*`. */
export function arnOf({ partition, region, account }: Call, resource: string): string {
  return formatArn({ partition, service: 'anyrole', region, account, resource });
}
