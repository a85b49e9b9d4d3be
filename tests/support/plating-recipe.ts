/** Lithium plated with a look into the volume of each scan: first until it is seen, then on. */
export function platingRecipe(options: { readonly resume?: string } = {}): string {
  const { resume = 'resume' } = options;
  const scan = (more: string): string => `
      - technique: scan
        views: 60
        span: "180°"
        duration: "90 s"
        every: "50 min"${more}
        analyse: { face: bottom, compareWith: first }`;
  return `
recipe: plating
title: Lithium plated until it is seen in the electrolyte, then until the short
safety:
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "2 mA" }
resume: { policy: ${resume}, maxGap: "1 h" }
steps:
  - name: until-seen
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "60 s" }
    until: { any: [{ derived: "lithium-volume > 1.5e8 µm³", as: seen }, { event: short }, { time: "5 h" }] }
    during:${scan('')}
  - name: until-short
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "60 s" }
    until: { any: [{ event: short }, { time: "3 h" }] }
    during:${scan('\n        on: [short]')}
`;
}
