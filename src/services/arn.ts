// Amazon Resource Names: `arn:partition:service:region:account:resource`.

export type Arn = {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All after the fifth colon. */
  readonly resource: string;
};

/** The parts of an ARN, or undefined when the text is not one. Asked of every request: no list of parts is made. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith('arn:')) return undefined;
  // Where each part begins; 0: there is none.
  const service = text.indexOf(':', 4) + 1;
  const region = service && text.indexOf(':', service) + 1;
  const account = region && text.indexOf(':', region) + 1;
  const resource = account && text.indexOf(':', account) + 1;
  const emptyPartition = service === 5;
  const emptyService = region === service + 1;
  if (resource === 0 || emptyPartition || emptyService) return undefined;
  return {
    partition: text.slice(4, service - 1),
    service: text.slice(service, region - 1),
    region: text.slice(region, account - 1),
    account: text.slice(account, resource - 1),
    resource: text.slice(resource),
  };
}

export function formatArn({ partition, service, region, account, resource }: Arn): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** Region prefixes and the partitions they belong to; any other Region is of `aws`. AWS doc: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const partitions: readonly { readonly prefix: string; readonly partition: string }[] = [
  { prefix: 'cn-', partition: 'aws-cn' },
  { prefix: 'us-gov-', partition: 'aws-us-gov' },
  { prefix: 'us-isob-', partition: 'aws-iso-b' },
  { prefix: 'us-isof-', partition: 'aws-iso-f' },
  { prefix: 'us-iso-', partition: 'aws-iso' },
  { prefix: 'eu-isoe-', partition: 'aws-iso-e' },
  { prefix: 'eusc-', partition: 'aws-eusc' },
];

export function partitionOf(region: string): string {
  for (const { prefix, partition } of partitions) if (region.startsWith(prefix)) return partition;
  return 'aws';
}

/** Whether the text has the form of a Region's name, e.g. `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export function isRegion(text: string): boolean {
  return text.length <= 32 && /^[a-z]{2,8}(-[a-z]{2,12}){1,3}-\d{1,2}$/.test(text);
}
