/**
 * One share of the whole from the shares of stages, by what each weighs; it never goes back.
 * @param onProgress told 0 to 1
 */
export function stagedProgress<Stage extends string>(
  onProgress: ((fraction: number) => void) | undefined,
  weights: Readonly<Record<Stage, number>>,
): (stage: Stage, fraction: number) => void {
  const entries = Object.entries(weights) as [Stage, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let told = -1;
  return (stage, fraction) => {
    const at = entries.findIndex(([name]) => name === stage);
    const before = entries.slice(0, at).reduce((sum, [, weight]) => sum + weight, 0);
    const done = Math.min(1, (before + fraction * weights[stage]) / total);
    if (done <= told) return;
    told = done;
    onProgress?.(done);
  };
}
