// `anyrole read-certificate-data`: what a certificate file is, or which certificates a token has.
import type { Command } from 'commander';
import { certificateReport, matchingIdentities } from '../client/certificate-report.ts';
import { pkcs11Certificates } from '../client/pkcs11.ts';
import { isPkcs11Uri } from '../client/pkcs11-uri.ts';
import { ConfigError } from '../config.ts';
import { pkcs11Options } from './binding.ts';
import { givenFlags } from './binding-flags.ts';

/** Prints JSON for a file, a list for a PKCS #11 URI. Throws ConfigError and RolesAnywhereError. */
export async function readCertificateData(command: Command): Promise<void> {
  const given = givenFlags(command);
  const { certificate } = given;
  if (certificate === undefined) throw new ConfigError('--certificate is missing: give a file or a pkcs11: URI');
  const text = isPkcs11Uri(certificate)
    ? matchingIdentities(await pkcs11Certificates(certificate, pkcs11Options(given)))
    : JSON.stringify(await certificateReport({ certificate }));
  process.stdout.write(text);
}
