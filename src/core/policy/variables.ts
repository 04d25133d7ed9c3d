// Policy variables: `${aws:username}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}`. They exist only in
// policies of Version 2012-10-17; in older ones the same characters are plain text.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
import { compileGlob, type Glob, type GlobPart, partsOf } from './match.ts';
import { type Facts, singleValue } from './request.ts';

type Variable = {
  readonly kind: 'variable';
  readonly key: string;
  readonly written: string;
  readonly fallback: string | undefined;
};

/** Policy text cut into literal text, wildcards and variables. */
export type Template = {
  readonly parts: readonly (GlobPart | Variable)[];
  /** Present when there is nothing to substitute: the same for every request. */
  readonly fixed: readonly GlobPart[] | undefined;
};

/** What a piece of policy text may hold. */
export type TemplateOptions = { readonly variables: boolean; readonly wildcards: boolean };

const ESCAPES: ReadonlySet<string> = new Set(['*', '?', '$']);

/** `key` or `key, 'default'`. A default may hold anything but a quote and a brace. */
function variable(inside: string): GlobPart | Variable {
  if (ESCAPES.has(inside)) return { kind: 'text', text: inside };
  const comma = inside.indexOf(',');
  const name = comma < 0 ? inside : inside.slice(0, comma);
  const rest = comma < 0 ? '' : inside.slice(comma + 1).trim();
  const quoted = rest.length >= 2 && rest.startsWith("'") && rest.endsWith("'");
  const written = name.trim();
  return { kind: 'variable', key: written.toLowerCase(), written, fallback: quoted ? rest.slice(1, -1) : undefined };
}

/** Cuts text at its variables. A `${` that never closes is plain text. */
export function parseTemplate(text: string, options: TemplateOptions): Template {
  const parts: (GlobPart | Variable)[] = [];
  let at = 0;
  while (options.variables) {
    const open = text.indexOf('${', at);
    const close = open < 0 ? -1 : text.indexOf('}', open + 2);
    if (close < 0) break;
    parts.push(...partsOf(text.slice(at, open), options.wildcards), variable(text.slice(open + 2, close)));
    at = close + 1;
  }
  parts.push(...partsOf(text.slice(at), options.wildcards));
  const fixed = parts.filter((part) => part.kind !== 'variable');
  return { parts, fixed: fixed.length === parts.length ? fixed : undefined };
}

/** The keys of the variables in a text, as written. */
export const variablesIn = (text: string): string[] =>
  parseTemplate(text, { variables: true, wildcards: false }).parts.flatMap((part) =>
    part.kind === 'variable' ? [part.written] : [],
  );

/**
 * The template with every variable replaced, or undefined when a variable has neither a value nor a default. What is put
 * in is literal: a `*` inside a tag value is a star. Lists have no single value and so no value here.
 */
export function resolve(template: Template, facts: Facts): readonly GlobPart[] | undefined {
  if (template.fixed !== undefined) return template.fixed;
  const parts: GlobPart[] = [];
  for (const part of template.parts) {
    if (part.kind !== 'variable') {
      parts.push(part);
      continue;
    }
    const text = singleValue(facts, part.key) ?? part.fallback;
    if (text === undefined) return undefined;
    parts.push({ kind: 'text', text });
  }
  return parts;
}

/**
 * A function from request facts to a compiled pattern, compiled once when nothing needs substituting.
 * Its result is undefined when a variable cannot be resolved: the element then matches nothing.
 */
export function compileTemplate<Pattern>(
  template: Template,
  compile: (parts: readonly GlobPart[]) => Pattern,
): (facts: Facts) => Pattern | undefined {
  if (template.fixed !== undefined) {
    const pattern = compile(template.fixed);
    return () => pattern;
  }
  return (facts) => {
    const parts = resolve(template, facts);
    return parts === undefined ? undefined : compile(parts);
  };
}

/** Compiled pattern of text with variables: see `compileTemplate`. */
export const globTemplate = (text: string, options: TemplateOptions): ((facts: Facts) => Glob | undefined) =>
  compileTemplate(parseTemplate(text, options), compileGlob);
