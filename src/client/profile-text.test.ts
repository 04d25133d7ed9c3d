import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withProfileKeys } from './profile-text.ts';

const keys = { accessKeyId: 'ASIANEW', secretAccessKey: 'new/secret+', sessionToken: 'new==token' };
const block = 'aws_access_key_id = ASIANEW\naws_secret_access_key = new/secret+\naws_session_token = new==token\n';

function after(text: string, profile = 'default'): string {
  const result = withProfileKeys(text, profile, keys);
  assert.ok(result.ok, JSON.stringify(result));
  return result.text;
}

describe('a profile that is not there', () => {
  test('is the whole of an empty file', () => {
    assert.equal(after(''), `[default]\n${block}`);
  });

  test('is added behind an empty line, and a last line without an end gets one', () => {
    assert.equal(after('[other]\nregion = x'), `[other]\nregion = x\n\n[default]\n${block}`);
    assert.equal(after('[other]\nregion = x\n\n'), `[other]\nregion = x\n\n[default]\n${block}`);
  });

  test('is not found in a comment, in a value or in a longer name', () => {
    const text = '# [default]\n[default-2]\n; [default]\nrole = [default]\n  [default]\n[profile default]\n';
    assert.equal(after(text), `${text}\n[default]\n${block}`);
  });
});

describe('a profile that is there', () => {
  test('keeps its other lines, the last one of the file too', () => {
    const text =
      '[default]\naws_access_key_id=OLD\naws_secret_access_key=old\naws_session_token=old\nregion = eu-west-1';
    assert.equal(after(text), `[default]\n${block}region = eu-west-1`);
  });

  test('has its options set where they stand, whatever their case and sign', () => {
    const text =
      '[a]\nx = 1\n[default]\noutput = json\nAWS_Access_Key_Id : OLD\n# why\naws_session_token=\naws_secret_access_key\n[b]\ny = 2\n';
    const [id, secret, token] = block.split(/(?<=\n)/);
    assert.equal(after(text), `[a]\nx = 1\n[default]\noutput = json\n${id}# why\n${token}${secret}[b]\ny = 2\n`);
  });

  test('gets what is missing behind its header', () => {
    assert.equal(after('[default]'), `[default]\n${block}`);
    assert.equal(after('[default] # mine\n\n# note\nregion = x\n'), `[default] # mine\n${block}\n# note\nregion = x\n`);
  });

  test('whose options are indented keeps them options', () => {
    const indented = block.replace(/^(?=a)/gm, '  ');
    assert.equal(after('[default]\n  region = x\n'), `[default]\n${indented}  region = x\n`);
  });

  test('loses the further lines of an old value, not those of another', () => {
    const text =
      '[default]\ns3 =\n  aws_access_key_id = nested\naws_session_token = old\n  older\n\n\toldest\n  # kept\n';
    const [id, secret, token] = block.split(/(?<=\n)/);
    assert.equal(after(text), `[default]\n${id}${secret}s3 =\n  aws_access_key_id = nested\n${token}\n  # kept\n`);
  });

  test('loses the former name of the session token, which boto3 would prefer, and options said twice', () => {
    const text = '[default]\naws_security_token = stale\naws_session_token = 1\naws_session_token = 2\nk = v\n';
    assert.equal(after(text).includes('stale'), false);
    assert.equal(after(text).match(/aws_session_token/g)?.length, 1);
    assert.match(after(text), /k = v\n$/);
  });

  test('has no old credentials left in a second section of its name', () => {
    const text = '[default]\n[default]\naws_session_token = stale\nregion = x\n[z]\naws_session_token = z\n';
    assert.equal(after(text), `[default]\n${block}[default]\nregion = x\n[z]\naws_session_token = z\n`);
  });

  test('is read with the spaces that some people put into the brackets', () => {
    assert.equal(after('[ default ]\n'), `[ default ]\n${block}`);
  });
});

describe('bytes', () => {
  test('line ends of the file are kept, and used', () => {
    const text = '[a]\r\nx = 1\r\n[default]\r\naws_access_key_id = OLD\r\ny = 2';
    const [id, ...others] = block.replaceAll('\n', '\r\n').split(/(?<=\n)/);
    assert.equal(after(text), `[a]\r\nx = 1\r\n[default]\r\n${others.join('')}${id}y = 2`);
  });

  test('a carriage return at the very end is not taken for half of a line end of ours', () => {
    assert.equal(after(after('\r')), after('\r'));
  });

  test('a byte order mark stays first, and the section behind it is found', () => {
    const text = Buffer.from('\ufeff[default]\nregion = x\n').toString('latin1');
    assert.equal(after(text), text.replace('\n', `\n${block}`));
  });

  test('a name beyond ASCII is found by its UTF-8 bytes', () => {
    const text = Buffer.from('[übung]\n').toString('latin1');
    assert.equal(after(text, 'übung'), `${text}${block}`);
    // The last byte of `à` would be a space in latin1.
    const grave = Buffer.from('[à]\n').toString('latin1');
    assert.equal(after(grave, 'à'), `${grave}${block}`);
  });
});

describe('what could bring lines of its own', () => {
  for (const profile of ['', ' a', 'a ', 'a]b', '[a', 'a\nb', 'a\rb', 'a\0b']) {
    test(`the profile name ${JSON.stringify(profile)} is refused`, () => {
      assert.deepEqual(withProfileKeys('', profile, keys), { ok: false, reason: 'profileName' });
    });
  }

  for (const value of ['', 'a b', 'a\n[default]', 'a\r', 'é', 'a\t']) {
    for (const member of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const) {
      test(`${member} ${JSON.stringify(value)} is refused`, () => {
        assert.deepEqual(withProfileKeys('', 'default', { ...keys, [member]: value }), {
          ok: false,
          reason: 'credentials',
        });
      });
    }
  }
});

test('whatever the file holds: set twice is set once, and no line of another option is lost', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[default]',
      '[a]',
      '  [default]',
      'region = x',
      '  nested = y',
      '',
      '# c',
      ';c',
      'é',
      '=',
      '[',
      ']',
    ),
    fc.constantFrom(
      'aws_access_key_id = OLD',
      '  aws_session_token: OLD',
      'aws_security_token=OLD',
      'AWS_SESSION_TOKEN',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text).toString('latin1')),
  );
  const file = fc.tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n')).map(([l, e]) => l.join(e));
  fc.assert(
    fc.property(file, (text) => {
      const once = after(text);
      assert.equal(after(once), once);
      for (const kept of text.split('\n').filter((one) => /^(region|é|# c|;c)/.test(one))) {
        assert.ok(once.includes(kept.trimEnd()), JSON.stringify({ text, once, kept }));
      }
    }),
    { numRuns: 2000 },
  );
});
