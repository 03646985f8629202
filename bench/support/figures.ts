/** The value below which `share` (0–1) of the numbers lie. */
export function percentile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** To a hundredth. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function summary(ms: number[]): { n: number; p50: number; p99: number } {
  return { n: ms.length, p50: round(percentile(ms, 0.5)), p99: round(percentile(ms, 0.99)) };
}
