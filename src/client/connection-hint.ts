// What to do about a connection that does not come to pass: Node names the error, and leaves the rest to the reader.

/** What to do about a connection that does not come to pass, by Node's code of the error; undefined where nothing is known. */
export function connectionHint(
  code: string,
  { what, ca }: { readonly what: 'server' | 'proxy'; readonly ca: readonly string[] | undefined },
): string | undefined {
  const isServer = what === 'server';
  if (code === 'ECONNREFUSED')
    return `nothing listens there: is the ${what} up, and ${isServer ? 'the endpoint' : 'its URL'} right?`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name is not known: ${isServer ? 'are the Region and the endpoint' : 'is the URL of the proxy'} right?`;
  if (code === 'CERT_HAS_EXPIRED') return `the ${what}'s certificate has expired`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the ${what}'s certificate is for another name`;
  if (!/CERT|SIGNATURE|ISSUER/.test(code)) return undefined;
  return ca === undefined
    ? `the ${what}'s certificate leads to no authority that Node knows: name its authority in AWS_CA_BUNDLE`
    : `the ${what}'s certificate leads to no authority of the CA bundle`;
}
