// A run of the differential test: makes the cases of a seed and puts each before all three judges. What core accepts and
// both others refuse is put before them again, in ways that ask for the same path and leave out what is beside the point:
// whoever trusts it once does not refuse it.
import { parseCertificate } from '../../src/core/x509/certificate.ts';
import { anchorAsInformation } from './anchor-information.ts';
import { type Case, caseOf } from './cases.ts';
import { isAgainstBoth, type Judged, type Question, type Theirs } from './differences.ts';
import { isAtLeast, opensslAnswers, opensslVersion } from './openssl.ts';
import { ourAnswer } from './ours.ts';
import { pkijsAnswer } from './pkijs.ts';

/**
 * Judges the cases `from` to `to - 1` of a seed: each by the demands of RFC 5280, and once more by those of Roles Anywhere
 * when core accepts it by them. `version` is the openssl program's.
 */
export async function trial(seed: string, from: number, to: number, version: string): Promise<readonly Judged[]> {
  const knows = (wanted: string) => isAtLeast(version, wanted);
  return judgedAll(Array.from({ length: to - from }, (_, at) => caseOf(seed, from + at, knows)));
}

/** Puts cases before all judges. */
async function judgedAll(cases: readonly Case[]): Promise<readonly Judged[]> {
  const theirs = await theirAnswers(cases);
  let all: readonly Judged[] = cases.flatMap((one): readonly Judged[] => {
    const said = { case: one, theirs: theirs.get(one) ?? fail(one), again: [] };
    const generic: Judged = { ...said, requirements: 'generic', ours: ourAnswer(one, 'generic') };
    const strict: Judged = { ...said, requirements: 'rolesanywhere', ours: ourAnswer(one, 'rolesanywhere') };
    return strict.ours.accepts ? [generic, strict] : [generic];
  });
  for (const question of order) all = await askedAgain(all, question);
  return all;
}

async function theirAnswers(cases: readonly Case[]): Promise<ReadonlyMap<Case, Theirs>> {
  const asked = opensslAnswers(cases); // Its processes run while pkijs judges here.
  const answers: [Case, Theirs['pkijs']][] = [];
  for (const one of cases) answers.push([one, await pkijsAnswer(one)]);
  const openssl = await asked;
  return new Map(answers.map(([one, pkijs], at) => [one, { openssl: openssl[at] ?? fail(one), pkijs }]));
}

function fail({ seed, index }: Case): never {
  throw new Error(`no answer to case ${seed}:${index}`);
}

/** Puts what core alone accepts before the others once more, where the question can be put to them. */
async function askedAgain(all: readonly Judged[], question: Question): Promise<readonly Judged[]> {
  const put = new Map<Judged, Case>();
  for (const judged of all) {
    const last = judged.again.at(-1)?.case ?? judged.case;
    const one = isAgainstBoth(judged) ? questions[question](judged, last) : undefined;
    if (one) put.set(judged, one);
  }
  const answers = await theirAnswers([...put.values()]);
  return all.map((judged) => {
    const one = put.get(judged);
    const theirs = one && answers.get(one);
    return theirs ? { ...judged, again: [...judged.again, { question, case: one, theirs }] } : judged;
  });
}

const order: readonly Question[] = ['the path alone', 'the second before the last', 'the anchor as information'];

/** Each question is put to what the one before it left of the case. */
const questions: Readonly<Record<Question, (judged: Judged, last: Case) => Case | undefined>> = {
  /** The path that core found and nothing that was sent beside it: more certificates make no path worse. */
  'the path alone': ({ ours: { path = [] } }, last) => ({
    ...last,
    intermediates: path.slice(1, -1),
    anchors: path.slice(-1),
  }),
  /** notAfter belongs to the period (RFC 5280 §4.1.2.5): whoever counts its second as past is asked for the one before it. */
  'the second before the last': (_, last) => {
    const ends = [last.leaf, ...last.intermediates, ...last.anchors].map(lastInstantOf);
    return ends.includes(last.at.getTime()) ? { ...last, at: new Date(last.at.getTime() - 1000) } : undefined;
  },
  /** By RFC 5280 alone an anchor is a name and a key; Roles Anywhere asks for a CA, and its judges see what it is. */
  'the anchor as information': ({ requirements }, last) => {
    const [anchor] = requirements === 'generic' ? last.anchors : [];
    const informed = anchor && anchorAsInformation(anchor);
    return informed && { ...last, anchors: [informed] };
  },
};

function lastInstantOf(der: Uint8Array): number | undefined {
  const parsed = parseCertificate(der);
  return parsed.ok ? parsed.certificate.notAfter.getTime() : undefined;
}

export { opensslVersion };
