import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GeneralNames } from '../../../test/der.ts';
import { der, makeCa } from '../../../test/pki.ts';
import { forbiddenName } from './name-constraints.ts';

const ca = makeCa();

type Subtrees = { readonly permitted?: GeneralNames; readonly excluded?: GeneralNames };

function verdict(
  nameConstraints: Subtrees,
  san: GeneralNames | undefined,
  subject = 'CN=client',
  comparisons = { left: 1000 },
) {
  const constrained = ca.issueCa({ nameConstraints }).certificate.extensions.nameConstraints;
  const leaf = ca.issue({ subject, ...(san ? { san } : {}) }).certificate;
  return forbiddenName(leaf, constrained ?? assert.fail('no constraints'), comparisons);
}

const ip = (...bytes: number[]) => new Uint8Array(bytes);
const otherName = { raw: [der.tlv(0xa0, der.oid('1.2.3'), der.tlv(0xa0, der.text(0x0c, 'x')))] };

const permittedCases: [form: string, base: GeneralNames, inside: GeneralNames[], outside: GeneralNames[]][] = [
  [
    'dns example.com',
    { dns: ['example.com'] },
    [{ dns: ['example.com'] }, { dns: ['A.EXAMPLE.com'] }, { dns: ['*.example.com'] }, { uri: ['https://x/'] }],
    [
      { dns: ['a.b.example.com.'] },
      { dns: ['example.com.'] },
      { dns: ['badexample.com'] },
      { dns: ['com'] },
      { dns: ['example.com.evil'] },
      { dns: ['*.com'] },
      { dns: ['a b.example.com'] },
      { dns: ['f*.example.com'] },
      { dns: ['a.example.com', 'evil.org'] },
      { dns: [''] },
    ],
  ],
  [
    'dns .example.com',
    { dns: ['.example.com'] },
    [{ dns: ['a.example.com'] }, { dns: ['*.example.com'] }],
    [{ dns: ['example.com'] }, { dns: ['badexample.com'] }],
  ],
  ['dns, everything', { dns: [''] }, [{ dns: ['a.example'] }], [{ dns: ['a..b'] }]],
  [
    'email host',
    { email: ['example.com'] },
    [{ email: ['a@example.com'] }, { email: ['A@EXAMPLE.COM'] }],
    [
      { email: ['a@b.example.com'] },
      { email: ['example.com'] },
      { email: ['@example.com'] },
      { email: ['a@b@example.com'] },
    ],
  ],
  [
    'email hosts below',
    { email: ['.example.com'] },
    [{ email: ['a@b.example.com'] }],
    [{ email: ['a@example.com'] }, { email: ['a@.example.com'] }],
  ],
  [
    'email mailbox',
    { email: ['root@example.com'] },
    [{ email: ['root@EXAMPLE.com'] }],
    [{ email: ['ROOT@example.com'] }, { email: ['xroot@example.com'] }, { email: ['root@a@example.com'] }],
  ],
  [
    'uri host',
    { uri: ['example.com'] },
    [
      { uri: ['https://example.com/a?b#c'] },
      { uri: ['spiffe://EXAMPLE.com'] },
      { uri: ['https://u:p@example.com:8443/'] },
    ],
    [
      { uri: ['https://a.example.com/'] },
      { uri: ['urn:example.com'] },
      { uri: ['https:///example.com'] },
      { uri: ['https://10.0.0.1/'] },
      { uri: ['https://[::1]/'] },
      { uri: ['https://example.com@evil.org/'] },
      { uri: ['example.com'] },
    ],
  ],
  [
    'uri hosts below',
    { uri: ['.example.com'] },
    [{ uri: ['https://a.example.com/'] }],
    [{ uri: ['https://example.com/'] }],
  ],
  [
    'IPv4 10.0.0.0/8',
    { ip: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
    [{ ip: [ip(10, 255, 1, 2)] }],
    [{ ip: [ip(11, 0, 0, 0)] }, { ip: [new Uint8Array(16)] }, { ip: [ip(10, 0, 0, 1), ip(9, 0, 0, 1)] }],
  ],
  [
    'directoryName O=Example',
    { directoryName: 'O=Example' },
    [{ directoryName: 'O=EXAMPLE,CN=x' }],
    [{ directoryName: 'O=Evil' }, { directoryName: 'CN=x,O=Example' }, { directoryName: ['O=Example,CN=x', 'CN=y'] }],
  ],
];

for (const [form, base, inside, outside] of permittedCases) {
  const subject = 'O=Example,CN=client';
  test(`a permitted ${form} lets in what is inside and nothing else`, () => {
    for (const san of inside) assert.equal(verdict({ permitted: base }, san, subject), undefined, JSON.stringify(san));
    for (const san of outside)
      assert.notEqual(verdict({ permitted: base }, san, subject), undefined, JSON.stringify(san));
  });
}

for (const [form, base, outside, inside] of [
  ['dns example.com', { dns: ['example.com'] }, { dns: ['example.org'] }, { dns: ['a.example.com'] }],
  ['dns .example.com', { dns: ['.example.com'] }, { dns: ['example.org'] }, { dns: ['example.com'] }],
  ['dns under a wildcard', { dns: ['a.example.com'] }, { dns: ['*.b.example.com'] }, { dns: ['*.example.com'] }],
  ['dns two below a wildcard', { dns: ['a.b.example.com'] }, { dns: ['*.example.com'] }, { dns: ['*.b.example.com'] }],
  ['dns, judged only if it is a host', { dns: ['example.com'] }, { dns: ['b.org'] }, { dns: ['\0.org'] }],
  ['uri, judged only if it has a host', { uri: ['example.com'] }, { uri: ['https://b.org'] }, { uri: ['urn:x'] }],
  ['email', { email: ['a@example.com'] }, { email: ['b@example.com'] }, { email: ['a@example.com'] }],
  ['ip', { ip: [ip(10, 0, 0, 1, 255, 255, 255, 255)] }, { ip: [ip(10, 0, 0, 2)] }, { ip: [ip(10, 0, 0, 1)] }],
  ['directoryName', { directoryName: 'O=Evil' }, { directoryName: 'O=Good' }, { directoryName: 'O=evil,CN=x' }],
  ['everything', { dns: [''] }, { uri: ['https://x'] }, { dns: ['a.example'] }],
] as const satisfies [string, GeneralNames, GeneralNames, GeneralNames][]) {
  test(`an excluded ${form} keeps out what is inside and nothing else`, () => {
    assert.equal(verdict({ excluded: base }, outside), undefined);
    assert.match(verdict({ excluded: base }, inside) ?? '', /excluded|judged/);
  });
}

test('excluded wins over permitted', () => {
  const both = { permitted: { dns: ['example.com'] }, excluded: { dns: ['a.example.com'] } };
  assert.equal(verdict(both, { dns: ['b.example.com'] }), undefined);
  assert.match(verdict(both, { dns: ['a.example.com'] }) ?? '', /excluded/);
});

test('one permitted subtree of several is enough', () => {
  assert.equal(verdict({ permitted: { dns: ['a.org', 'b.org'] } }, { dns: ['x.b.org', 'a.org'] }), undefined);
});

test('the subject is a directoryName, unless it is empty', () => {
  const permitted = { directoryName: 'O=Example' };
  assert.match(verdict({ permitted }, undefined, 'CN=client') ?? '', /directoryName "CN=client" is in no permitted/);
  assert.equal(verdict({ permitted }, { dns: ['a'] }, ''), undefined);
});

test('the CN is no DNS name', () =>
  assert.equal(verdict({ permitted: { dns: ['example.com'] } }, undefined, 'CN=evil.org'), undefined));

test('emailAddress in the subject counts when there is no subjectAltName', () => {
  const subject = 'CN=client,emailAddress=a@evil.org';
  assert.match(verdict({ permitted: { email: ['example.com'] } }, undefined, subject) ?? '', /email/);
  assert.equal(verdict({ permitted: { email: ['example.com'] } }, { dns: ['a'] }, subject), undefined);
});

test('a form nobody can compare is refused when it is constrained, and only then', () => {
  assert.match(verdict({ excluded: otherName }, otherName) ?? '', /judged/);
  assert.match(verdict({ permitted: otherName }, otherName) ?? '', /judged/);
  assert.equal(verdict({ excluded: otherName }, { dns: ['a'] }), undefined);
  assert.equal(verdict({ excluded: { dns: ['b'] } }, otherName), undefined);
});

test('a constraint that cannot be read refuses the names of its form, and no others', () => {
  for (const [base, named, other] of [
    [{ dns: ['*.example.com'] }, { dns: ['a.example.org'] }, { email: ['a@b.org'] }],
    [{ dns: ['a..b'] }, { dns: ['example.org'] }, { uri: ['https://a.b'] }],
    [{ dns: ['example.org.'] }, { dns: ['example.org'] }, { email: ['a@b.org'] }],
    [{ email: ['b.org.'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ email: ['a@b.org.'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ uri: ['b.org.'] }, { uri: ['https://b.org/'] }, { dns: ['b.org'] }],
    [{ dns: ['.'] }, { dns: ['example.org'] }, { ip: [ip(1, 2, 3, 4)] }],
    [{ dns: ['10.0.0.0/8'] }, { dns: ['example.org'] }, { ip: [ip(10, 2, 3, 4)] }],
    [{ email: [''] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ email: ['a@'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ email: ['@example.com'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ email: ['a@.example.com'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ email: ['*@example.com', '*.example.com'] }, { email: ['a@b.org'] }, { dns: ['b.org'] }],
    [{ uri: ['https://example.com/'] }, { uri: ['https://b.org/'] }, { dns: ['b.org'] }],
    [{ uri: [''] }, { uri: ['https://b.org/'] }, { dns: ['b.org'] }],
  ] as const satisfies [GeneralNames, GeneralNames, GeneralNames][]) {
    const said = JSON.stringify(base);
    assert.match(verdict({ excluded: base }, named) ?? '', /cannot be read/, said);
    assert.match(verdict({ permitted: base }, named) ?? '', /cannot be read/, said);
    assert.equal(verdict({ excluded: base }, other), undefined, said);
  }
});

test('a name whose host ends in a dot is not judged under a constraint on its form', () => {
  for (const [base, named] of [
    [{ dns: ['example.com'] }, { dns: ['example.com.'] }],
    [{ email: ['example.com'] }, { email: ['a@example.com.'] }],
    [{ uri: ['example.com'] }, { uri: ['https://example.com./'] }],
  ] as const satisfies [GeneralNames, GeneralNames][])
    for (const side of ['permitted', 'excluded'])
      assert.match(verdict({ [side]: base }, named) ?? '', /cannot be judged/, JSON.stringify([side, named]));
});

test('a directory name is permitted as it is written, and excluded when it is equal', () => {
  const written = { directoryName: 'O=Ex\u00adample' };
  assert.match(verdict({ permitted: written }, undefined, 'O=Example,CN=x') ?? '', /in no permitted/);
  assert.match(verdict({ excluded: written }, undefined, 'O=Example,CN=x') ?? '', /excluded/);
  assert.equal(verdict({ permitted: written }, undefined, 'O=Ex\u00adample,CN=x'), undefined);
});

test('a URI that two would read differently is not judged', () => {
  const permitted = { uri: ['example.com'] };
  for (const uri of ['https://evil.org\\@example.com/', 'https://evil.org\t@example.com/', 'https://{@example.com'])
    assert.match(verdict({ permitted }, { uri: [uri] }) ?? '', /judged/, uri);
});

test('an internationalised mailbox is not judged under a constraint on mail', () => {
  const mailbox = der.tlv(0xa0, der.text(0x0c, 'ä@example.com'));
  const san = { raw: [der.tlv(0xa0, der.oid('1.3.6.1.5.5.7.8.9'), mailbox)] };
  assert.match(verdict({ permitted: { email: ['example.com'] } }, san) ?? '', /judged/);
  assert.match(verdict({ excluded: { email: ['evil.org'] } }, san) ?? '', /judged/);
  assert.equal(verdict({ permitted: { dns: ['example.com'] } }, san), undefined);
});

test('comparisons are counted, and their end refuses', () => {
  const comparisons = { left: 9 };
  const constraints = { permitted: { dns: ['a', 'b'] } };
  assert.equal(verdict(constraints, { dns: ['a', 'b'] }, '', comparisons), undefined);
  assert.equal(comparisons.left, 1);
  assert.match(verdict(constraints, { dns: ['a'] }, '', comparisons) ?? '', /more names/);
});

test('a directory name counts as often as it has RDNs', () => {
  const comparisons = { left: 100 };
  const constraints = { excluded: { directoryName: ['C=DE,O=A,OU=B,OU=C,OU=D', 'C=FR'] } };
  assert.equal(verdict(constraints, { directoryName: ['C=DE', 'C=IT'] }, '', comparisons), undefined);
  assert.equal(comparisons.left, 100 - (2 + 2) - 2 * (5 + 1));
});
