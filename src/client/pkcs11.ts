// Certificates and keys on a PKCS #11 token: smart cards, HSMs, and TPMs through their module. The package `pkcs11js`
// reaches the module; it needs a native build and is nobody's dependency: who wants it installs it.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { HashName } from '../core/signature/algorithms.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import type { Signer } from './options.ts';
import { type Pkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.ts';

export type Pkcs11Options = {
  /** Path of the module. Absent: the URI's `module-path`, then p11-kit's proxy for all modules of the machine. */
  readonly lib?: string;
  /** Gives the PIN again where the key asks for one at each use (CKA_ALWAYS_AUTHENTICATE). */
  readonly reusePin?: boolean;
  /** Asks a person for a PIN where the URI has none; `purpose` says what for. */
  readonly askPin?: (purpose: string) => Promise<string>;
};

/** A signer that can also hash otherwise than the algorithms of requests do. */
export type Pkcs11Signer = Signer & {
  /** RSASSA-PKCS1-v1_5 or ECDSA in DER, whichever the key is for. Throws RolesAnywhereError. */
  readonly signHashed: (hash: HashName, data: Uint8Array) => Promise<Uint8Array>;
};

/** What is used of the package. Spec: PKCS #11 v2.40 §5; the package's declarations. */
type Pkcs11 = {
  load(path: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Buffer[];
  C_GetTokenInfo(slot: Buffer): {
    readonly label: string;
    readonly manufacturerID: string;
    readonly model: string;
    readonly serialNumber: string;
  };
  C_OpenSession(slot: Buffer, flags: number): Buffer;
  C_CloseSession(session: Buffer): void;
  C_Login(session: Buffer, user: number, pin: string): void;
  C_FindObjectsInit(session: Buffer, template: readonly Attribute[]): void;
  C_FindObjects(session: Buffer, max: number): Buffer[];
  C_FindObjectsFinal(session: Buffer): void;
  C_GetAttributeValue(session: Buffer, object: Buffer, template: readonly Attribute[]): { readonly value: Buffer }[];
  C_SignInit(session: Buffer, mechanism: { readonly mechanism: number }, key: Buffer): void;
  C_Sign(session: Buffer, data: Buffer, signature: Buffer): Buffer;
};

type Attribute = { readonly type: number; readonly value?: number | string | Buffer };

/** An open session on the one token of a URI. */
type Session = { readonly library: Pkcs11; readonly handle: Buffer };

// Spec: PKCS #11 v2.40, pkcs11t.h
const serialSession = 4;
const userType = { user: 1, contextSpecific: 2 } as const;
const objectClass = { certificate: 1, privateKey: 3 } as const;
const attribute = { class: 0, label: 3, value: 0x11, keyType: 0x100, id: 0x102, alwaysAuthenticate: 0x202 } as const;
const rsaKeyType = 0;
const ecKeyType = 3;
const mechanism = { rsaPkcs: 1, ecdsa: 0x1041 } as const;
const alreadyLoggedIn = 0x100;

/** Before the digest in a PKCS #1 v1.5 signature. Spec: RFC 8017 §9.2 note 1 */
const digestPrefixes: Readonly<Record<HashName, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** Certificates with their DER that match the URI. Throws RolesAnywhereError. */
export async function pkcs11Certificates(
  uri: string,
  options: Pkcs11Options,
): Promise<readonly { readonly der: Uint8Array; readonly id: Uint8Array; readonly label: string }[]> {
  const parsed = uriOf('certificate', uri);
  return withSession('certificate', parsed, options, ({ library, handle }) =>
    objects({ library, handle }, objectClass.certificate, parsed).map((object) => ({
      der: value(library, handle, object, attribute.value),
      id: value(library, handle, object, attribute.id),
      label: value(library, handle, object, attribute.label).toString('utf8'),
    })),
  );
}

/** The one certificate of the URI. Throws RolesAnywhereError when there is none, or more than one. */
export async function pkcs11Certificate(uri: string, options: Pkcs11Options) {
  const found = await pkcs11Certificates(uri, options);
  const [certificate] = found;
  if (certificate !== undefined && found.length === 1) return certificate;
  throw failure('IdentityUnreadable', `${found.length} certificates on the token match the URI`, {
    hint: 'name one with object= or id=; `anyrole read-certificate-data` lists them',
  });
}

/** Signs with the one private key of the URI. What it needs is opened for each signature: a card may have been out meanwhile. */
export function pkcs11Signer(uri: string, options: Pkcs11Options): Pkcs11Signer {
  const signHashed = async (hash: HashName, data: Uint8Array) => {
    const parsed = uriOf('private key', uri);
    const pin = await pinOf(parsed, options, 'PIN of the token');
    return withSession('private key', parsed, options, async (session) => {
      login(session, userType.user, pin);
      const [key, ...others] = objects(session, objectClass.privateKey, parsed);
      if (key === undefined || others.length > 0) {
        const count = others.length + (key ? 1 : 0);
        const hint = 'name one with object= or id=';
        throw failure('IdentityUnreadable', `${count} private keys on the token match the URI`, { hint });
      }
      return signature(session, key, hash, data, await contextPin(session, key, pin, options));
    });
  };
  const sign: Signer['sign'] = (algorithm, data) => {
    if (algorithm === 'AWS4-X509-MLDSA') {
      throw failure('UnsupportedKey', 'ML-DSA keys on PKCS #11 tokens are not served', {
        hint: 'give the key as a file',
      });
    }
    return signHashed('sha256', data);
  };
  return { sign, signHashed };
}

function uriOf(what: string, text: string): Pkcs11Uri {
  const parsed = parsePkcs11Uri(text);
  if (parsed.ok) return parsed.uri;
  throw failure('InvalidOptions', `the PKCS #11 URI of the ${what} cannot be used: ${parsed.detail}`);
}

/** The URI without its PIN, for the key beside a certificate: the same token, the certificate's id. */
export function uriOfKeyBeside(certificateUri: string, id: Uint8Array): string {
  const [path = '', query] = certificateUri.split('?');
  const kept = path
    .slice('pkcs11:'.length)
    .split(';')
    .filter((piece) => piece !== '' && !/^(?:object|id|type)=/.test(piece));
  const escaped = [...id].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return `pkcs11:${[...kept, `id=${escaped}`].join(';')}${query === undefined ? '' : `?${query}`}`;
}

async function withSession<T>(
  what: string,
  uri: Pkcs11Uri,
  { lib }: Pkcs11Options,
  work: (session: Session) => T | Promise<T>,
): Promise<T> {
  const path = lib ?? uri.modulePath ?? 'p11-kit-proxy.so';
  const library = loaded(path);
  try {
    library.C_Initialize();
    try {
      const handle = library.C_OpenSession(slotOf(library, uri), serialSession);
      try {
        return await work({ library, handle });
      } finally {
        library.C_CloseSession(handle);
      }
    } finally {
      library.C_Finalize();
    }
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause;
    const isPin = nameOf(cause).startsWith('CKR_PIN_');
    throw failure(
      isPin ? 'PasswordWrong' : 'SignerFailed',
      `the PKCS #11 module \`${path}\` refused the ${what}: ${nameOf(cause)}`,
      { hint: isPin ? 'give the right PIN before the token locks itself' : undefined, cause },
    );
  } finally {
    library.close();
  }
}

/** CKR_ and what follows; the package's messages hold no more. */
function nameOf(cause: unknown): string {
  return cause instanceof Error ? (/CKR_\w+/.exec(cause.message)?.[0] ?? cause.message) : String(cause);
}

function loaded(path: string): Pkcs11 {
  const library = new (pkcs11Package().PKCS11)();
  try {
    library.load(path);
    return library;
  } catch (cause) {
    throw failure('IdentityUnreadable', `the PKCS #11 module \`${path}\` cannot be loaded`, {
      hint: 'give the path of the module with --pkcs11-lib',
      cause,
    });
  }
}

// `require`, because it also looks where NODE_PATH points: the package is not installed with this one.
function pkcs11Package(): { readonly PKCS11: new () => Pkcs11 } {
  try {
    return createRequire(import.meta.url)('pkcs11js');
  } catch (cause) {
    throw failure('IdentityUnreadable', 'the package `pkcs11js`, which reaches PKCS #11 modules, is not installed', {
      hint: 'install it beside anyrole with `npm install pkcs11js` (it needs a C++ compiler), or give certificate and key as files',
      cause,
    });
  }
}

function slotOf(library: Pkcs11, uri: Pkcs11Uri): Buffer {
  const found = library.C_GetSlotList(true).filter((slot) => {
    if (uri.slotId !== undefined && slotNumber(slot) !== uri.slotId) return false;
    const { label, manufacturerID, model, serialNumber } = library.C_GetTokenInfo(slot);
    const told: Readonly<Record<string, string>> = {
      token: label,
      manufacturer: manufacturerID,
      model,
      serial: serialNumber,
    };
    // Spec: PKCS #11 v2.40 §3.2: padded with blanks.
    return Object.entries(uri.token).every(([name, wanted]) => told[name]?.replace(/[ \0]+$/, '') === wanted);
  });
  const [slot] = found;
  if (slot !== undefined && found.length === 1) return slot;
  throw failure('IdentityUnreadable', `${found.length} tokens match the PKCS #11 URI`, {
    hint: 'name one with token= or serial=',
  });
}

/** A CK_SLOT_ID is a machine word in the machine's order. */
function slotNumber(slot: Buffer): number {
  return slot.length === 8 ? Number(slot.readBigUInt64LE()) : slot.readUInt32LE();
}

async function pinOf({ pinValue, pinSource }: Pkcs11Uri, { askPin }: Pkcs11Options, purpose: string): Promise<string> {
  if (pinValue !== undefined) return pinValue;
  if (pinSource !== undefined) return readFileSync(pinSource, 'utf8').split(/\r?\n/, 1)[0] ?? '';
  if (askPin !== undefined) return askPin(purpose);
  throw failure('PasswordMissing', 'the PKCS #11 token asks for a PIN', {
    hint: 'add ?pin-source=file:/path to the URI',
  });
}

function login({ library, handle }: Session, user: number, pin: string): void {
  try {
    library.C_Login(handle, user, pin);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === alreadyLoggedIn)) throw cause;
  }
}

function objects({ library, handle }: Session, kind: number, { object, id }: Pkcs11Uri): readonly Buffer[] {
  const template: Attribute[] = [{ type: attribute.class, value: kind }];
  if (object !== undefined) template.push({ type: attribute.label, value: object });
  if (id !== undefined) template.push({ type: attribute.id, value: Buffer.from(id) });
  library.C_FindObjectsInit(handle, template);
  try {
    return library.C_FindObjects(handle, 100);
  } finally {
    library.C_FindObjectsFinal(handle);
  }
}

function value(library: Pkcs11, session: Buffer, object: Buffer, type: number): Buffer {
  const [found] = library.C_GetAttributeValue(session, object, [{ type }]);
  return found?.value ?? Buffer.alloc(0);
}

/** What the key asks for between the start of a signature and its bytes; undefined: nothing. */
async function contextPin(
  { library, handle }: Session,
  key: Buffer,
  pin: string,
  { reusePin, askPin }: Pkcs11Options,
): Promise<string | undefined> {
  if (value(library, handle, key, attribute.alwaysAuthenticate)[0] !== 1) return undefined;
  if (reusePin) return pin;
  if (askPin !== undefined) return askPin('PIN for this use of the key');
  throw failure('PasswordMissing', 'the key asks for its PIN at each use', {
    hint: 'give --reuse-pin to give it the same',
  });
}

function signature(
  session: Session,
  key: Buffer,
  hash: HashName,
  data: Uint8Array,
  pin: string | undefined,
): Uint8Array {
  const { library, handle } = session;
  const digest = createHash(hash).update(data).digest();
  const keyType = value(library, handle, key, attribute.keyType).readUInt32LE();
  if (keyType !== rsaKeyType && keyType !== ecKeyType) {
    throw failure('UnsupportedKey', `a PKCS #11 key of the type ${keyType} does not sign`, {
      hint: 'RSA and EC keys do',
    });
  }
  const isRsa = keyType === rsaKeyType;
  library.C_SignInit(handle, { mechanism: isRsa ? mechanism.rsaPkcs : mechanism.ecdsa }, key);
  if (pin !== undefined) login(session, userType.contextSpecific, pin);
  const input = isRsa ? Buffer.concat([Buffer.from(digestPrefixes[hash], 'hex'), digest]) : digest;
  const signed = library.C_Sign(handle, input, Buffer.alloc(maxSignatureBytes));
  return isRsa ? signed : derOf(signed);
}

/** An RSA key of 16,384 bits. */
const maxSignatureBytes = 2048;

/** `r` and `s` side by side as a DER SEQUENCE of two INTEGERs. Spec: PKCS #11 v2.40 mechanisms §2.3.1, RFC 3279 §2.2.3 */
function derOf(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const body = [signature.subarray(0, half), signature.subarray(half)].flatMap((number) => {
    const first = Math.min(
      number.findIndex((byte) => byte !== 0),
      number.length - 1,
    );
    const bytes = [...number.subarray(Math.max(first, 0))];
    const padded = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : bytes;
    return [0x02, padded.length, ...padded];
  });
  return Uint8Array.from([0x30, ...(body.length < 0x80 ? [body.length] : [0x81, body.length]), ...body]);
}
