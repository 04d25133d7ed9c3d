// A run of the differential test: makes the cases of a seed and puts each before all three judges.
import { caseOf } from './cases.ts';
import { type Judged, judges } from './differences.ts';
import { isAtLeast, opensslAnswers, opensslVersion } from './openssl.ts';
import { ourAnswer } from './ours.ts';
import { pkijsAnswer } from './pkijs.ts';

/** Judges the cases `from` to `to - 1` of a seed. `version` is the openssl program's. */
export async function trial(seed: string, from: number, to: number, version: string): Promise<readonly Judged[]> {
  const knows = (wanted: string) => isAtLeast(version, wanted);
  const cases = Array.from({ length: to - from }, (_, at) => caseOf(seed, from + at, knows));
  const asked = opensslAnswers(cases); // Its processes run while the other two judge here.
  const answers = [];
  for (const one of cases) answers.push({ case: one, ours: ourAnswer(one), pkijs: await pkijsAnswer(one) });
  const openssl = await asked;
  const all = answers.map(({ pkijs, ...rest }, at) => {
    const answer = openssl[at];
    if (!answer) throw new Error('openssl answered too few cases');
    return { ...rest, theirs: { openssl: answer, pkijs } };
  });
  return withPathsAlone(all);
}

/**
 * Puts what core accepts and both others refuse before these once more, with nothing but the path that core found: whoever
 * does not find a path among strangers may still trust it.
 */
async function withPathsAlone(all: readonly Judged[]): Promise<readonly Judged[]> {
  const refusedByAll = all.filter(({ theirs }) => judges.every((name) => !theirs[name].accepts));
  const alone = refusedByAll.flatMap((judged) => {
    const { path } = judged.ours;
    if (path === undefined) return [];
    return [{ judged, case: { ...judged.case, intermediates: path.slice(1, -1), anchors: path.slice(-1) } }];
  });
  const openssl = await opensslAnswers(alone.map(({ case: one }) => one));
  const pathsAlone = new Map<Judged, Judged>();
  for (const [at, { judged, case: one }] of alone.entries()) {
    const answer = openssl[at];
    if (!answer) throw new Error('openssl answered too few cases');
    const theirs = { openssl: answer, pkijs: await pkijsAnswer(one) };
    pathsAlone.set(judged, { case: one, ours: ourAnswer(one), theirs });
  }
  return all.map((judged) => {
    const pathAlone = pathsAlone.get(judged);
    return pathAlone ? { ...judged, pathAlone } : judged;
  });
}

export { opensslVersion };
