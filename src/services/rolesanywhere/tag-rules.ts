// What tags must be, at creation and afterwards.
import { ValidationException } from './errors.ts';
import type { Tag } from './records.ts';

/** Throws ValidationException for a reserved or repeated key. Ours: AWS documents neither answer for this service. */
export function checkTags(tags: readonly Tag[] = []): void {
  const keys = new Set<string>();
  for (const { key } of tags) {
    if (/^aws:/i.test(key)) throw ValidationException('Tag keys beginning with aws: are reserved.');
    if (keys.has(key)) throw ValidationException('Duplicate tag keys found.');
    keys.add(key);
  }
}
