// Who an ARN names: from the text that a simulation or a gateway is given to the principal that policies judge.
import type { Principal } from './request.ts';

const ACCOUNT = /^\d{12}$/;
const ARN = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(.+)$/;
const SERVICE = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}$/;

/** The account in the fifth field of an ARN, twelve digits; undefined when that field holds anything else. */
export function accountOf(arn: string): string | undefined {
  const account = arn.split(':')[4] ?? '';
  return ACCOUNT.test(account) ? account : undefined;
}

function named(arn: string, partition: string, account: string, name: string): Principal | undefined {
  if (name === 'root') return { kind: 'root', arn, account };
  const [kind, ...rest] = name.split('/');
  if (rest.length === 0 || rest.includes('')) return undefined;
  switch (kind) {
    case 'user':
      return { kind: 'user', arn, account };
    case 'role':
      return { kind: 'role', arn, account };
    case 'federated-user':
    case 'saml-provider':
    case 'oidc-provider':
      return { kind: 'federated', arn, account };
    case 'assumed-role':
      return rest.length === 2
        ? { kind: 'assumedRole', arn, account, roleArn: `arn:${partition}:iam::${account}:role/${rest[0]}` }
        : undefined;
    case undefined:
      return undefined;
  }
  return undefined;
}

const IN_STS: readonly Principal['kind'][] = ['assumedRole', 'federated'];

/**
 * The principal that a text names, or undefined when it names none: an ARN of a user, a role, an assumed-role session, a
 * federated user, an identity provider or an account's root; an account id, which is its root; the name of an AWS
 * service; `*` for anonymous. A session's ARN has lost the path of its role: `roleArn` is right for roles at `/`, and who
 * knows the path puts it in.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
export function callerOf(text: string): Principal | undefined {
  if (text === '*') return { kind: 'anonymous' };
  if (ACCOUNT.test(text)) return { kind: 'root', arn: `arn:aws:iam::${text}:root`, account: text };
  const [, partition, vendor, account, name] = ARN.exec(text) ?? [];
  if (partition === undefined || account === undefined || name === undefined) {
    return SERVICE.test(text) ? { kind: 'service', service: text } : undefined;
  }
  const principal = named(text, partition, account, name);
  if (principal === undefined) return undefined;
  const session = IN_STS.includes(principal.kind) && !/^(saml|oidc)-provider\//.test(name);
  return session === (vendor === 'sts') ? principal : undefined;
}
