import type { Reporter, TestModule } from 'vitest/node';

/** Says at the end, by name and reason, which groups of tests did not run. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const names = new Set<string>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        names.add(/^.*\(skipped: [^)]*\)/.exec(test.fullName)?.[0] ?? test.fullName);
      }
    }
    for (const name of names) process.stdout.write(`not run: ${name}\n`);
  }
}
