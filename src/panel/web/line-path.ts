import type uPlot from 'uplot';

/**
 * Straight lines between neighbours, and nothing across a gap. The charts' own path builder draws
 * on through gaps and cuts them out afterwards, which leaves slivers of line at their edges.
 */
export const linePath: uPlot.Series.PathBuilder = (chart, seriesIndex, first, last) => {
  const times = chart.data[0];
  const values = chart.data[seriesIndex] ?? [];
  const scale = chart.series[seriesIndex]?.scale ?? 'y';
  const stroke = new Path2D();
  let penIsDown = false;
  for (let at = first; at <= last; at++) {
    const value = values[at];
    if (value === null || value === undefined) {
      penIsDown = false;
      continue;
    }
    const x = chart.valToPos(times[at] ?? 0, 'x', true);
    const y = chart.valToPos(value, scale, true);
    // A value alone between two gaps shows as a dot.
    if (!penIsDown) stroke.moveTo(x - 0.5, y);
    stroke.lineTo(x, y);
    penIsDown = true;
  }
  return { stroke };
};
