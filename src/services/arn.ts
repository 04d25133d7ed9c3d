// Amazon Resource Names: `arn:partition:service:region:account:resource`.

export type Arn = {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All after the fifth colon. */
  readonly resource: string;
};

/** The parts of an ARN, or undefined when the text is not one. */
export function parseArn(text: string): Arn | undefined {
  const [scheme, partition, service, region, account, ...rest] = text.split(':', 64);
  if (scheme !== 'arn' || !partition || !service || region === undefined || account === undefined) return undefined;
  return rest.length === 0 ? undefined : { partition, service, region, account, resource: rest.join(':') };
}

export function formatArn({ partition, service, region, account, resource }: Arn): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** Region prefixes and the partitions they belong to; any other Region is of `aws`. AWS doc: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const partitions: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-isob-', 'aws-iso-b'],
  ['us-isof-', 'aws-iso-f'],
  ['us-iso-', 'aws-iso'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
];

export function partitionOf(region: string): string {
  return partitions.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';
}

/** Whether the text has the form of a Region's name, e.g. `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export function isRegion(text: string): boolean {
  return text.length <= 32 && /^[a-z]{2,8}(-[a-z]{2,12}){1,3}-\d{1,2}$/.test(text);
}
