import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line of counts, and by name and reason what was not run. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = (state: 'passed' | 'failed' | 'skipped'): number =>
      modules.reduce((sum, module) => sum + [...module.children.allTests(state)].length, 0);
    for (const name of skippedGroups(modules)) process.stdout.write(`not run: ${name}\n`);
    process.stdout.write(
      `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`,
    );
  }
}

/** Groups carry their reason in their name: "the panel (skipped: chromium is not installed)". */
function skippedGroups(modules: readonly TestModule[]): ReadonlySet<string> {
  const tests = modules.flatMap((module) => [...module.children.allTests('skipped')]);
  return new Set(
    tests.map(({ fullName }) => /^.*\(skipped: [^)]*\)/.exec(fullName)?.[0] ?? fullName),
  );
}
