// IP addresses and CIDR blocks for IpAddress and NotIpAddress: text to numbers, and nothing else.
// Spec: RFC 4632 (IPv4 blocks), RFC 4291 §2.2 and §2.3 (IPv6 text and blocks)

/** A block of addresses: the leading `prefix` bits of `bits`. An address alone is a block of one. */
export type AddressBlock = { readonly family: 4 | 6; readonly bits: bigint; readonly prefix: number };

const WIDTH = { 4: 32, 6: 128 } as const;

/** One pass over the characters: an address is parsed for every condition on aws:SourceIp of every request. */
function parseIpv4(text: string): bigint | undefined {
  let bits = 0;
  let octet = -1;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9 && octet !== 0) {
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    } else if (text[at] === '.' && octet >= 0 && dots < 3) {
      bits = bits * 256 + octet;
      octet = -1;
      dots++;
    } else return undefined;
  }
  return dots === 3 && octet >= 0 ? BigInt(bits * 256 + octet) : undefined;
}

/** Groups of sixteen bits; a dotted IPv4 tail counts as two. */
function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const pieces = text.split(':');
  for (const [index, piece] of pieces.entries()) {
    const tail = piece.includes('.') && index === pieces.length - 1 ? parseIpv4(piece) : undefined;
    if (tail !== undefined) groups.push(tail >> 16n, tail & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(piece)) groups.push(BigInt(`0x${piece}`));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (text.length > 45 || halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const filling = new Array<bigint>(missing).fill(0n);
  return [...head, ...filling, ...tail].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/**
 * Parses `203.0.113.0/24`, `2001:db8::/32` or a single address; undefined when malformed. Host bits may be set.
 * Ours: `::ffff:203.0.113.7`, which a dual-stack socket reports, is the IPv4 address it stands for.
 */
export function parseBlock(text: string): AddressBlock | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const length = slash < 0 ? undefined : text.slice(slash + 1);
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 6 ? parseIpv6(address) : parseIpv4(address);
  if (bits === undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const prefix = length === undefined ? WIDTH[family] : Number(length);
  if (prefix > WIDTH[family]) return undefined;
  if (family === 6 && prefix >= 96 && bits >> 32n === 0xffffn) {
    return { family: 4, bits: bits & 0xffffffffn, prefix: prefix - 96 };
  }
  return { family, bits, prefix };
}

/** Whether `inner` lies wholly within `outer`. Blocks of different families never do. */
export function blockContains(outer: AddressBlock, inner: AddressBlock): boolean {
  const shift = BigInt(WIDTH[outer.family] - outer.prefix);
  return outer.family === inner.family && inner.prefix >= outer.prefix && outer.bits >> shift === inner.bits >> shift;
}
