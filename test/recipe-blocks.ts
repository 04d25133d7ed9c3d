// The code blocks of a page, so that what the reader copies is what the tests run.
import { readFileSync } from 'node:fs';

/** One block between two lines of backticks. */
export type Block = { readonly language: string; readonly text: string };

/** The blocks below the heading (`## HEADING`), in their order. Throws when the page has no such heading. */
export function recipeBlocks(page: string, heading: string): readonly Block[] {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/${page} has no heading \`${heading}\``);
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => ({
    language,
    text: block,
  }));
}

/** The text with each word replaced that the reader has to fill in. Throws when it has none of one: the page has changed. */
export function filledIn(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((filled, [word, value]) => {
    if (!filled.includes(word)) throw new Error(`the recipe has no \`${word}\``);
    return filled.replaceAll(word, value);
  }, text);
}
