import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Bus } from '../../src/domain/bus.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { PanelServer } from '../../src/panel/server.ts';
import { CHROMIUM_FLAGS, CHROMIUM_PATH, describeWithChromium } from '../support/chromium.ts';
import { driftingSpectrum, spectrumValidity } from '../support/circuit-fit.ts';
import { MemoryRun, ScriptedControl } from '../support/memory-run.ts';
import { buildPanelPage } from '../support/panel-page.ts';
import { ScriptedExperiment, SHORT_SECOND } from '../support/scripted-experiment.ts';

const OUTPUT = fileURLToPath(new URL('../../test-output', import.meta.url));
const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};
/** In the middle of the scan, after four spectra. */
const MID_SCAN_SECOND = 9120;
const MID_SWEEP_SECOND = 7960;

/** Pixels of a chart's line: coloured, unlike its grey axes and grid. */
const COLOURED_PIXELS = `[...document.querySelectorAll('.strip canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const spread = Math.max(data[at], data[at + 1], data[at + 2])
      - Math.min(data[at], data[at + 1], data[at + 2]);
    if (data[at + 3] > 128 && spread > 60) count += 1;
  }
  return count;
})`;

/** How many different greys each slice canvas shows. */
const SLICE_GREYS = `[...document.querySelectorAll('.slice-canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(data.filter((_, at) => at % 4 === 0)).size;
})`;

describeWithChromium('the panel in a browser', () => {
  let browser: Browser;
  let staticFolder: string;
  let run: MemoryRun;
  let control: ScriptedControl;
  let experiment: ScriptedExperiment;
  let panel: PanelServer;
  let url: string;
  let bus: Bus;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    mkdirSync(OUTPUT, { recursive: true });
    staticFolder = buildPanelPage();
    browser = await chromium.launch({
      executablePath: CHROMIUM_PATH ?? '',
      args: [...CHROMIUM_FLAGS],
    });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    complaints.length = 0;
    requests.length = 0;
    bus = new Bus((name, error) => complaints.push(`${name}: ${String(error)}`));
    run = new MemoryRun();
    control = new ScriptedControl(run);
    experiment = new ScriptedExperiment({ run, control, bus });
    panel = makePanel(0);
    ({ url } = await panel.start());
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await panel.stop();
  });

  function makePanel(port: number): PanelServer {
    const clock = new SystemClock();
    return new PanelServer({
      reader: run,
      control,
      bus,
      clock,
      staticFolder,
      host: '127.0.0.1',
      port,
    });
  }

  async function openPage(options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    page.on('websocket', (socket) => requests.push(socket.url().replace(/^ws/, 'http')));
    await page.goto(url);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }

  /** Waits until the page holds every record of the run. */
  async function waitForRecords(page: Page): Promise<void> {
    await page.locator(`[data-sequence="${run.lastSequence()}"]`).waitFor();
  }

  async function showMidScan(options: BrowserContextOptions): Promise<Page> {
    const page = await openPage(options);
    experiment.playTo(MID_SCAN_SECOND);
    await waitForRecords(page);
    await page.locator('.coverage').waitFor();
    return page;
  }

  it('draws the run as it goes on', async () => {
    const page = await showMidScan(DESKTOP);
    const pixels = (await page.evaluate(COLOURED_PIXELS)) as number[];
    expect(pixels).toHaveLength(5);
    for (const count of pixels) expect(count).toBeGreaterThan(300);
    const greys = (await page.evaluate(SLICE_GREYS)) as number[];
    expect(greys).toHaveLength(4);
    for (const count of greys) expect(count).toBeGreaterThan(50);
    expect(await page.locator('.slice-plane figcaption').allInnerTexts()).toEqual([
      'Across the axis, row 120',
      'Along the axis at 0°',
      'Along the axis at 90°',
      'Tilted 45° about 45°',
    ]);
    expect(await page.locator('.scale-bar').allInnerTexts()).toEqual(Array(4).fill('200 µm'));
    expect(await page.locator('.nyquist .measured').count()).toBe(37);
    expect((await page.locator('.nyquist .fit').getAttribute('points'))?.length).toBeGreaterThan(
      200,
    );
    expect(await page.locator('.resistances tbody tr').count()).toBe(4);
    expect(await page.locator('.events li').first().innerText()).toContain('scan-1');
    expect(await page.locator('.chip.unreal').innerText()).toContain('SIMULATED');
    expect(await page.locator('.coverage').innerText()).toMatch(/of 90[\s\S]*Incomplete: \d+ %/);
    await page.screenshot({ path: `${OUTPUT}/panel-desktop.png` });
    await page.screenshot({ path: `${OUTPUT}/panel-desktop-full.png`, fullPage: true });
    expect(complaints).toEqual([]);
  });

  it('fits a phone without scrolling sideways, Stop always in view', async () => {
    const page = await showMidScan(PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.screenshot({ path: `${OUTPUT}/panel-phone.png` });
    await page.screenshot({ path: `${OUTPUT}/panel-phone-full.png`, fullPage: true });
    await page.evaluate('window.scrollTo(0, 4000)');
    const box = await page.locator('.stop-button').boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(48);
    expect((box?.y ?? 999) + (box?.height ?? 999)).toBeLessThanOrEqual(740);
    expect(complaints).toEqual([]);
  });

  it('says what a running fit does not determine yet, in the dark too', async () => {
    const page = await openPage({ ...DESKTOP, colorScheme: 'dark' });
    experiment.playTo(MID_SWEEP_SECOND);
    await waitForRecords(page);
    await page.getByText('not determined').first().waitFor();
    await page.screenshot({ path: `${OUTPUT}/panel-dark.png` });
    expect(complaints).toEqual([]);
  });

  it('marks a spectrum whose data fail, with the reason, and no other', async () => {
    const verdictOn = (spectrumId: string) =>
      spectrumId === 'spectrum-2' ? driftingSpectrum() : spectrumValidity();
    experiment = new ScriptedExperiment({ run, control, bus, verdictOn });
    const page = await showMidScan(DESKTOP);
    const marks = page.locator('.resistances tbody').getByRole('img', { name: 'data fail' });
    expect(await marks.count()).toBe(1);
    await page.getByText('#4: 37 points').waitFor();
    expect(await page.getByRole('note').count()).toBe(0);
    await page.getByRole('button', { name: 'Show spectrum 2' }).click();
    const note = page.getByRole('note');
    await note.waitFor();
    expect(await note.innerText()).toBe(
      '▲ Data of #2 fail: |Z| lies 5 % above what its phase foretells: the cell changed while it was measured. Do not trust this fit.',
    );
    expect(await page.locator('.nyquist .fit.doubtful').count()).toBe(1);
    await page.getByRole('img', { name: /spectrum 2: .*; the data fail/ }).waitFor();
    expect(await page.locator('.events .warning', { hasText: 'spectrum-2 fail' }).count()).toBe(1);
    await page.screenshot({ path: `${OUTPUT}/panel-data-fail.png` });
    await page.setViewportSize({ width: 360, height: 740 });
    // The charts follow a new width with the next layout.
    await page.waitForFunction('document.documentElement.scrollWidth === 360');
    await page.evaluate("document.querySelector('.impedance').scrollIntoView()");
    await page.screenshot({ path: `${OUTPUT}/panel-data-fail-phone.png` });
    expect(complaints).toEqual([]);
  });

  it('shows a value that only the spectrum before holds as such', async () => {
    experiment = new ScriptedExperiment({ run, control, bus, hasPrior: true });
    const page = await openPage(DESKTOP);
    experiment.playTo(MID_SWEEP_SECOND);
    await waitForRecords(page);
    const held = page.locator('.resistances td.passing', { hasText: 'prior' });
    await held.waitFor();
    await page.getByText('the spectrum before says more than the points so far').waitFor();
    experiment.playTo(MID_SCAN_SECOND);
    await waitForRecords(page);
    await held.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  it('reads values under a shared cursor, zooms, shows all again and opens its tables', async () => {
    const page = await showMidScan(DESKTOP);
    const charts = page.locator('.strip .u-over');
    const box = await charts.nth(0).boundingBox();
    if (!box) throw new Error('the voltage chart has no place on the page');
    const at = (fraction: number): [number, number] => [box.x + fraction * box.width, box.y + 40];
    await page.mouse.move(...at(0.6));
    await page.locator('.electrical', { hasText: /7\d\.\d+ mV.*Values at 1 h 3\d min/ }).waitFor();
    await page.locator('.conditions', { hasText: /\d MPa.*Values at 1 h 3\d min/ }).waitFor();
    await page.mouse.down();
    await page.mouse.move(...at(0.8), { steps: 4 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Show all' }).first().waitFor();
    await page.screenshot({ path: `${OUTPUT}/panel-zoom.png` });
    await page.getByRole('button', { name: 'Show all' }).first().click();
    await page.getByRole('button', { name: 'Show all' }).first().waitFor({ state: 'detached' });
    await page.locator('.impedance summary').click();
    await page.locator('.impedance .data-table tbody tr').nth(24).waitFor();
    await page.locator('.electrical summary').click();
    await page.locator('.electrical .data-table tbody tr').nth(24).waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows the spectrum that is chosen, and the newest again', async () => {
    const page = await showMidScan(DESKTOP);
    await page.getByRole('button', { name: 'Show spectrum 2' }).click();
    await page.getByText('#2: 37 points').waitFor();
    await page.getByLabel('Spectrum shown').selectOption('newest');
    await page.getByText('#4: 37 points').waitFor();
  });

  it('asks nothing of any other host', async () => {
    await showMidScan(DESKTOP);
    expect(requests.length).toBeGreaterThanOrEqual(4);
    expect(requests.filter((request) => !request.startsWith(url))).toEqual([]);
  });

  it('does not stop on a tap, and says so', async () => {
    const page = await openPage(DESKTOP);
    await page.locator('.stop-button').click();
    await page.getByText('Not stopped: hold for 0.6 s').waitFor();
    expect(control.stopsRequestedBy).toEqual([]);
  });

  it('stops when the button is held, and says that the run has ended', async () => {
    const page = await openPage(DESKTOP);
    await page.locator('.stop-button').hover();
    await page.mouse.down();
    await page.getByText('The run has ended (stopped)').waitFor();
    await page.mouse.up();
    expect(control.stopsRequestedBy).toEqual(['panel']);
    expect(run.status()).toBe('stopped');
    expect(await page.locator('.stop-button').getAttribute('aria-disabled')).toBe('true');
    await page.screenshot({ path: `${OUTPUT}/panel-stopped.png` });
    expect(complaints).toEqual([]);
  });

  it('stops on Escape twice, not on Escape once', async () => {
    const page = await openPage(DESKTOP);
    await page.keyboard.press('Escape');
    await page.getByText('Press Esc again to stop').waitFor();
    expect(control.stopsRequestedBy).toEqual([]);
    // The first press may be too long ago by now: two fresh ones always do.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByText('The run has ended (stopped)').waitFor();
    expect(control.stopsRequestedBy).toEqual(['panel']);
  });

  it('tells the operator when a stop failed', async () => {
    control.onStop = () => Promise.reject(new Error('relay did not confirm'));
    const page = await openPage(DESKTOP);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByText('relay did not confirm. Use the hardware emergency stop').waitFor();
  });

  it('comes back after the server did, with every record', async () => {
    const page = await openPage(DESKTOP);
    experiment.playTo(3000);
    await waitForRecords(page);
    await panel.stop();
    await page.getByText('Connection lost, trying again').waitFor();
    experiment.playTo(SHORT_SECOND);
    panel = makePanel(Number(new URL(url).port));
    await panel.start();
    await page.getByText('Live', { exact: true }).waitFor();
    await waitForRecords(page);
    expect(await page.locator('.events li').first().innerText()).toContain('Run ended: done');
    expect(await page.locator('.resistances tbody tr').count()).toBe(5);
  });
});
