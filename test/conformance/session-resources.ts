// What a session needs on the server, made with the SDKs that people use.
import { createRequire } from 'node:module';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type ConformanceServer, region, rootKey, trustPolicy } from './server.ts';

// SDK v2, as in sdk-v2.test.ts; its notice that it is in maintenance mode is read when the package is loaded.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
// CommonJS, loaded after the switch is set: the package's own types describe what comes back.
const RolesAnywhereClient = createRequire(import.meta.url)(
  'aws-sdk/clients/rolesanywhere.js',
) as typeof import('aws-sdk').RolesAnywhere;

/** A client of SDK v2. */
export type RolesAnywhere = import('aws-sdk').RolesAnywhere;

/** A client with the root key. */
export function rolesAnywhereClient({ url }: Pick<ConformanceServer, 'url'>, inRegion = region): RolesAnywhere {
  return new RolesAnywhereClient({ endpoint: url, region: inRegion, ...rootKey });
}

export const roleName = 'Worker';

/** ARNs, as CreateSession takes them. */
export type Resources = { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

const mayListRoles = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' }],
});

/** A trust anchor, a role that trusts Roles Anywhere and may list roles, and a profile; all enabled. */
export async function makeResources(
  server: Pick<ConformanceServer, 'url' | 'ca'>,
  inRegion = region,
): Promise<Resources> {
  const iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey });
  const rolesAnywhere = rolesAnywhereClient(server, inRegion);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: trustPolicy }));
  const inline = { RoleName: roleName, PolicyName: 'permissions', PolicyDocument: mayListRoles };
  await iam.send(new PutRolePolicyCommand(inline));
  iam.destroy();
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: server.ca.pem } };
  const anchor = await rolesAnywhere.createTrustAnchor({ name: 'conformance', source, enabled: true }).promise();
  const roleArn = Role?.Arn ?? '';
  const made = await rolesAnywhere.createProfile({ name: 'conformance', roleArns: [roleArn], enabled: true }).promise();
  const trustAnchorArn = anchor.trustAnchor.trustAnchorArn ?? '';
  return { trustAnchorArn, profileArn: made.profile?.profileArn ?? '', roleArn };
}
