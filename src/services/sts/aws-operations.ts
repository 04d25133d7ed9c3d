// Every operation of STS, API version 2011-06-15, so that what is not served is refused by name.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html

/** The names in AWS's model, 11 of them. */
export const awsOperations: readonly string[] = [
  'AssumeRole',
  'AssumeRoleWithSAML',
  'AssumeRoleWithWebIdentity',
  'AssumeRoot',
  'DecodeAuthorizationMessage',
  'GetAccessKeyInfo',
  'GetCallerIdentity',
  'GetDelegatedAccessToken',
  'GetFederationToken',
  'GetSessionToken',
  'GetWebIdentityToken',
];
