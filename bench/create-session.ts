// `create-session`: CreateSession with three kinds of keys, of holders that are known and of such that were never seen.
import type { KeyName } from '../test/pki.ts';
import { prepareAccount } from './account.ts';
import type { Case } from './measure.ts';
import { makePki, newLeaf, repeated, unseen } from './session-requests.ts';

const success = 201;
/** Certificates minted for one cold measurement, at most: it ends when they are used up. */
const maxUnseen = 8000;
const promised = 0.6;

export const createSessionCases = {
  'p256-warm': { title: 'CreateSession P-256 warm', promised, ...warm('p256') },
  'p256-cold': { title: 'CreateSession P-256 cold', promised, ...cold('p256') },
  'rsa2048-warm': { title: 'CreateSession RSA-2048 warm', promised, ...warm('rsa2048') },
  'rsa2048-cold': { title: 'CreateSession RSA-2048 cold', promised, ...cold('rsa2048') },
  'ml-dsa-65-warm': { title: 'CreateSession ML-DSA-65 warm', ...warm('ml-dsa-65') },
  'ml-dsa-65-cold': { title: 'CreateSession ML-DSA-65 cold', ...cold('ml-dsa-65') },
} satisfies Readonly<Record<string, Case>>;

/** One holder, whose certificate and path are known: the request's signature is verified every time. */
function warm(key: KeyName): Omit<Case, 'title'> {
  return {
    status: success,
    signatures: 1,
    async prepare(url, rootKey) {
      const pki = makePki(key, new Date());
      const arns = await prepareAccount(url, rootKey, pki.rootPem);
      const leaf = newLeaf(pki);
      return { keys: pki.leafKeys, requests: (count) => repeated(url, arns, pki, leaf, count) };
    },
  };
}

/** Every request brings a certificate of its own: the leaf's and the intermediate's signature are verified besides. */
function cold(key: KeyName): Omit<Case, 'title'> {
  return {
    status: success,
    signatures: 3,
    maxOnce: maxUnseen,
    async prepare(url, rootKey) {
      const pki = makePki(key, new Date());
      const arns = await prepareAccount(url, rootKey, pki.rootPem);
      return { keys: pki.leafKeys, requests: (count) => unseen(url, arns, pki, count) };
    },
  };
}
