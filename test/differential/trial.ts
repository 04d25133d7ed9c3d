// A run of the differential test: makes the cases of a seed and puts each before all three judges.
import { caseOf } from './cases.ts';
import type { Judged } from './differences.ts';
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
  return answers.map(({ pkijs, ...rest }, at) => {
    const answer = openssl[at];
    if (!answer) throw new Error('openssl answered too few cases');
    return { ...rest, theirs: { openssl: answer, pkijs } };
  });
}

export { opensslVersion };
