// What is promised of a figure, and whether it holds.

export type Goal = {
  /** What the figure is, in a word or two: `ratio`, `tail`. */
  readonly name: string;
  readonly value: number;
  /** The bounds, where there are any; both hold when just reached. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What stands behind the number: ` L`, ` MB`. */
  readonly unit: string;
};

/** Whether the figure keeps its bounds. One that could not be measured (NaN) does not. */
export function isMet({ value, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Goal): boolean {
  return value >= atLeast && value <= atMost;
}

/** `0.45 L`. Two digits behind the point, fewer where the number is large. */
export function figureText({ value, unit }: Goal): string {
  return `${numberText(value)}${unit}`;
}

/** `≥ 0.60 L`; empty where nothing is promised. */
export function boundText({ atLeast, atMost, unit }: Goal): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${numberText(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${numberText(atMost)}`]),
  ];
  return bounds.length === 0 ? '' : `${bounds.join(', ')}${unit}`;
}

function numberText(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
