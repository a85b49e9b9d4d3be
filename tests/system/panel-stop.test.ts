import { mkdirSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { CHROMIUM_FLAGS, CHROMIUM_PATH, describeWithChromium } from '../support/chromium.ts';
import { recordsOf, startExperiment } from '../support/experiment-run.ts';

const OUTPUT = `${ROOT}test-output`;
/** Simulated seconds per second: a second of looking is ten minutes of the cell. */
const SPEED = 600;

/** Shades on a canvas: one or two where nothing is drawn. */
function shadesOf(page: Page, selector: string): Promise<number[]> {
  return page.$$eval(selector, (canvases) =>
    (canvases as unknown as CanvasLike[]).map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set<number>();
      for (let at = 0; at < data.length; at += 4) {
        seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
      }
      return seen.size;
    }),
  );
}

interface CanvasLike {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
}

describeWithChromium('the panel of a real run', () => {
  let browser: Browser;
  let experiment: Awaited<ReturnType<typeof startExperiment>>;

  beforeAll(async () => {
    mkdirSync(OUTPUT, { recursive: true });
    browser = await chromium.launch({
      executablePath: CHROMIUM_PATH ?? '',
      args: [...CHROMIUM_FLAGS],
    });
    experiment = await startExperiment({
      recipe: 'recipes/first-light.yaml',
      rig: 'hardware/rigs/simulated.yaml',
      cell: 'recipes/cells/li-li3ps4-li.yaml',
      speed: SPEED,
    });
  });

  afterAll(async () => {
    await browser.close();
    await experiment.node.stop();
  });

  it('shows the traces, the fit and the slice, and its Stop takes the cell to the safe state', async () => {
    const complaints: string[] = [];
    const page = await browser.newPage({ viewport: { width: 1280, height: 1250 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const running = experiment.run();
    await page.goto(experiment.panelUrl);
    await page.getByText(/^SIMULATED ×/).waitFor();
    // The first spectrum has been fitted and the first scan has come round.
    await page.getByText(/View 180 of 180/).waitFor({ timeout: 60_000 });
    await page
      .getByText(/R0-p\(R1,CPE1\)-p\(R2,CPE2\)/)
      .first()
      .waitFor();

    expect(Math.min(...(await shadesOf(page, '.strip canvas')))).toBeGreaterThan(5);
    expect(Math.min(...(await shadesOf(page, '.slice-canvas')))).toBeGreaterThan(50);
    await page.screenshot({ path: `${OUTPUT}/first-light.png`, fullPage: true });

    const stop = page.getByRole('button', { name: /stop/i });
    await stop.hover();
    await page.mouse.down();
    const outcome = await running;
    await page.mouse.up();
    expect(outcome).toMatchObject({ status: 'stopped', exitCode: 0 });
    await page
      .getByText(/stopped/i)
      .first()
      .waitFor();
    await page.screenshot({ path: `${OUTPUT}/first-light-stopped.png`, fullPage: true });
    expect(complaints).toEqual([]);

    const events = recordsOf(experiment.node.database.reader, 'event').map(({ body }) => body);
    const safe = events.filter(({ code }) => code === 'safeState');
    expect(safe.map(({ details }) => details.instrument)).toEqual(
      expect.arrayContaining(['potentiostat', 'heater', 'scanner']),
    );
    expect(safe.every(({ details }) => details.confirmed === true)).toBe(true);
    const currents = recordsOf(experiment.node.database.reader, 'sample').filter(
      ({ body }) => body.channel === 'current_ampere',
    );
    const stopped = events.findIndex(({ code }) => code === 'stopRequested');
    expect(stopped).toBeGreaterThan(0);
    expect(currents.length).toBeGreaterThan(10);
  }, 120_000);
});
