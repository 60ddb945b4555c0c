/** Figures: what a row has counted and measured, in the order in which it is printed. Pure. */

export type Figures = Readonly<Record<string, number | string>>;

/** The value below which `share` of `values` lie: 0.5 is the median, 1 the maximum. NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** One decimal is all that such a measurement is worth. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

export function describeFigures(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? value.toLocaleString('en') : value}`)
    .join(', ');
}
