// Power loss, in short, and that the model of the disk forgets what it should: without syncs the same judgement must find
// that something is lost. `npm run power-loss` is the long form.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { seeded } from '../seeded.ts';
import { filesAfter } from './disk.ts';
import { forget, hindrance, losePower, type Recording, record } from './power-loss.ts';
import { killVictims } from './server.ts';
import { readTrace, type Step } from './trace.ts';

process.on('exit', killVictims);

const hex = (text: string) => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const file = (path: string) => `7<${hex(path)}>`;

describe('a trace', () => {
  const steps = (...lines: readonly string[]) => readTrace(lines, '/d').map(([line, step]) => [line, step] as const);

  test('is read in the order in which calls begin, and syncs end', () => {
    const told = steps(
      `1 pwrite64(${file('/d/a')}, "${hex('one')}", 3, 0) = 3`,
      `1 fsync(${file('/d/a')} <unfinished ...>`,
      `2 pwrite64(${file('/d/a')}, "${hex('two')}", 3, 3) = 3`,
      '1 <... fsync resumed>)                    = 0',
      `2 write(9<${hex('socket:[1]')}>, "${hex('HTTP/1.1 200 OK\r\nx-amzn-requestid: abc-1\r\n\r\n')}", 43) = 43`,
    );
    assert.deepEqual(told, [
      [1, { kind: 'write', path: '/d/a', offset: 0, bytes: Buffer.from('one') }],
      [3, { kind: 'write', path: '/d/a', offset: 3, bytes: Buffer.from('two') }],
      [4, { kind: 'sync', path: '/d/a', since: 2 }],
      [5, { kind: 'answer', requestId: 'abc-1' }],
    ]);
  });

  test('leaves out what is elsewhere, what failed, and a sync that never ended', () => {
    assert.deepEqual(
      steps(
        `1 pwrite64(${file('/e/a')}, "${hex('one')}", 3, 0) = 3`,
        `1 openat(AT_FDCWD<${hex('/')}>, "${hex('/d/a')}", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST (File exists)`,
        `1 fsync(${file('/d/a')} <unfinished ...>`,
      ),
      [],
    );
  });

  test('of a call that is not known, or not written in full, is none', () => {
    assert.throws(() => steps(`1 fallocate(${file('/d/a')}, 0, 0, 5) = 0`), /fallocate is not known/);
    assert.throws(() => steps(`1 pwrite64(${file('/d/a')}, "${hex('on')}"..., 3, 0) = 3`), /not written in full/);
  });
});

describe('a disk that loses power', () => {
  const write = (offset: number, text: string): Step => ({
    kind: 'write',
    path: '/d/a',
    offset,
    bytes: Buffer.from(text),
  });
  /** What `/d/a`, and a new `/d/b`, may hold after all steps. */
  const found = (...steps: readonly Step[]) => {
    const trace = steps.map((step, at) => [at + 1, step] as const);
    const all = Array.from({ length: 200 }, (_, seed) => {
      const { files } = filesAfter(new Map([['/d/a', Buffer.from('....')]]), trace, steps.length, seeded(String(seed)));
      return [...files].map(([path, bytes]) => `${path.slice(3)} ${bytes}`).join(', ');
    });
    return [...new Set(all)].sort();
  };

  test('keeps what was synced', () => {
    assert.deepEqual(found(write(0, 'one'), { kind: 'sync', path: '/d/a', since: 2 }), ['a one.']);
  });

  test('keeps or loses what was not, and what was written while the sync was under way', () => {
    assert.deepEqual(found(write(0, 'one')), ['a ....', 'a one.']);
    assert.deepEqual(found(write(0, 'one'), write(3, 'X'), { kind: 'sync', path: '/d/a', since: 2 }), [
      'a one.',
      'a oneX',
    ]);
  });

  test('may keep the later of two writes alone, with zeros before it', () => {
    assert.ok(found(write(4, '1'), write(5, '2')).includes('a ....\0' + '2'));
  });

  test('may keep one sector of a write without the other', () => {
    assert.ok(found(write(510, 'aabb')).some((content) => content.endsWith('bb') && !content.includes('aabb')));
  });

  test('loses a new name until the directory is synced', () => {
    const make: readonly Step[] = [
      { kind: 'create', path: '/d/b' },
      { kind: 'sync', path: '/d/b', since: 1 },
    ];
    assert.deepEqual(found(...make), ['a ....', 'a ...., b ']);
    assert.deepEqual(found(...make, { kind: 'sync', path: '/d', since: 3 }), ['a ...., b ']);
    assert.deepEqual(found({ kind: 'rename', path: '/d/a', to: '/d/c' }), ['a ....', 'c ....']);
  });
});

describe('a server under load that loses power', { skip: hindrance() ?? false }, () => {
  let recording: Recording;
  before(async () => {
    recording = await record(150, 'short');
  });
  after(() => forget(recording));

  test('keeps what it acknowledged, 40 times over', async () => {
    for (let cut = 0; cut < 40; cut++) await losePower(recording, `short-${cut}`, { restarts: cut === 0 });
  });

  test('would not on a disk that never syncs', async () => {
    await assert.rejects(async () => {
      for (let cut = 0; cut < 40; cut++) await losePower(recording, `short-${cut}`, { syncs: false });
    }, /power lost after line/);
  });
});
