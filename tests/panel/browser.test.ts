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
    // The charts follow a new width with the next layout. Asked from here: the page's own policy
    // lets nobody wait inside it for an expression.
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    await expect.poll(width, { timeout: 20_000 }).toBe(360);
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

  /** A short that has tripped the run, taken up again and held. */
  function playHeldShort(): void {
    const alarm = (timeSecond: number, code: 'cellShort' | 'interlock' | 'held', message: string) =>
      run.append(timeSecond, {
        kind: 'event',
        code,
        severity: 'alarm',
        message,
        details: code === 'held' ? {} : { channel: 'voltage_volt' },
      });
    alarm(3600, 'cellShort', 'The cell has shorted: its voltage fell from 80 mV to 1 mV.');
    alarm(3600, 'interlock', 'The cell has shorted in plate, which does not expect it.');
    alarm(4000, 'held', 'The run waits for a person: a safety limit has tripped it.');
    run.commit();
  }

  function acknowledgedInRun(code: string): void {
    const said = control.acknowledged.find((one) => one.code === code);
    run.append(4100, {
      kind: 'event',
      code: 'alarmAcknowledged',
      severity: 'warning',
      message: `${said?.by} acknowledges ${code}: ${said?.reason}`,
      details: { alarm: code, by: said?.by ?? '', reason: said?.reason ?? '' },
    });
    run.commit();
  }

  it('lists the alarms with level, cause and time, and has one acknowledged by keyboard', async () => {
    control.onAcknowledge = async () => acknowledgedInRun('cellShort');
    playHeldShort();
    const page = await openPage(DESKTOP);
    await waitForRecords(page);
    await page.getByText('3 not acknowledged').waitFor();
    const line = page.locator('[data-alarm="cellShort"]');
    expect(await line.innerText()).toMatch(
      /■ Alarm\s+The cell has shorted[\s\S]*Since 1 h[\s\S]*from Voltage[\s\S]*latched/,
    );
    const button = page.getByRole('button', { name: 'Acknowledge: The cell has shorted' });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('alertdialog', { name: 'Acknowledge: The cell has shorted' });
    await dialog.waitFor();
    await page.screenshot({ path: `${OUTPUT}/panel-alarm-dialog.png` });
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.name || document.activeElement.textContent');
    const round: unknown[] = [];
    for (let at = 0; at < 5; at += 1) {
      round.push(await focused());
      await page.keyboard.press('Tab');
    }
    expect(round).toEqual(['by', 'reason', 'Cancel', 'Acknowledge', 'by']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await dialog.getByText('Please give your name and a reason.').waitFor();
    expect(control.acknowledged).toEqual([]);
    await dialog.getByLabel('Your name').fill('Ada');
    await dialog.getByLabel('Reason').fill('The cell was taken out');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(control.acknowledged).toEqual([
      { code: 'cellShort', by: 'Ada', reason: 'The cell was taken out', via: 'panel' },
    ]);
    await line.getByText(/^Acknowledged by Ada at 1.h.+: The cell was taken out$/).waitFor();
    await page.getByText('2 not acknowledged').waitFor();
    expect(await button.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('closes its dialog on Escape, which is not half a Stop; Stop stays in reach', async () => {
    playHeldShort();
    const page = await openPage(DESKTOP);
    await waitForRecords(page);
    const button = page.getByRole('button', { name: 'Acknowledge: The cell has shorted' });
    await button.click();
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    // The hint goes by itself: who looks only afterwards may be too late.
    const hint = page.getByText('Press Esc again to stop').waitFor();
    await page.keyboard.press('Escape');
    await hint;
    expect(control.stopsRequestedBy).toEqual([]);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Acknowledge…');
    await button.click();
    await page.getByRole('alertdialog').waitFor();
    await page.locator('.stop-button').hover();
    await page.mouse.down();
    await page.getByText('The run has ended (stopped)').waitFor();
    await page.mouse.up();
    expect(control.stopsRequestedBy).toEqual(['panel']);
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /^Acknowledge:/ }).count()).toBe(0);
    await page.getByText(/operando resume 20261121/).waitFor();
    expect(complaints).toEqual([]);
  });

  it('lets a held run go on by a person with a reason, and says in words why it cannot', async () => {
    const message = 'The run waits for a person: a safety limit has tripped it.';
    const held = { kind: 'held', sinceSecond: 4000, message } as const;
    control.currentWaiting = { ...held, obstacle: 'cellShort must be acknowledged first' };
    playHeldShort();
    const page = await openPage(DESKTOP);
    await page.getByText('It cannot go on yet: cellShort must be acknowledged first.').waitFor();
    expect(await page.getByRole('button', { name: 'Go on…' }).count()).toBe(0);
    control.currentWaiting = { ...held, obstacle: null };
    await page.getByRole('button', { name: 'Go on…' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Let the run go on?' });
    control.onGoOn = () => Promise.reject(new Error('run: it waits for nobody'));
    await dialog.getByLabel('Your name').fill('Ben');
    await dialog.getByLabel('Reason').fill('A fresh fuse');
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.getByText('run: it waits for nobody').waitFor();
    control.onGoOn = async () => {
      control.currentWaiting = undefined;
    };
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.waiting').waitFor({ state: 'detached' });
    const said = { by: 'Ben', reason: 'A fresh fuse', via: 'panel' };
    expect(control.resumes).toEqual([said, said]);
    expect(complaints).toEqual([]);
  });

  it('says of a suspended run that nobody can let it go on', async () => {
    control.currentWaiting = {
      kind: 'suspended',
      sinceSecond: 100,
      message: 'The current is off: applied_pressure_pa is 3.9e6, below the floor of 4e6.',
      obstacle: 'nobody can measure now: the run goes on by itself when it is back',
    };
    const page = await openPage(DESKTOP);
    await page.getByText('applied_pressure_pa is 3.9e6').waitFor();
    await page.getByText('the run goes on by itself').waitFor();
    expect(await page.getByRole('button', { name: /Go on/ }).count()).toBe(0);
  });

  it('has alarms and dialog fit a phone, with targets for a thumb', async () => {
    playHeldShort();
    control.currentWaiting = {
      kind: 'freshCell',
      sinceSecond: 4000,
      message: 'screen: take the cell out and put a fresh one in.',
      obstacle: null,
    };
    const page = await openPage(PHONE);
    await waitForRecords(page);
    const goOn = page.getByRole('button', { name: 'The fresh cell is in…' });
    await goOn.waitFor();
    await page.screenshot({ path: `${OUTPUT}/panel-alarms-phone.png` });
    await goOn.tap();
    const dialog = page.getByRole('alertdialog', { name: 'Is the fresh cell in?' });
    await dialog.waitFor();
    await page.screenshot({ path: `${OUTPUT}/panel-dialog-phone.png` });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    for (const target of await page.locator('button.act, .dialog input').all()) {
      const box = await target.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect(box?.width).toBeGreaterThanOrEqual(44);
    }
    const [last, stop] = await Promise.all([
      dialog.getByRole('button', { name: 'Go on' }).boundingBox(),
      page.locator('.stop-button').boundingBox(),
    ]);
    expect((last?.y ?? 999) + (last?.height ?? 999)).toBeLessThan((stop?.y ?? 0) - 24);
    expect(requests.filter((request) => !request.startsWith(url))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('does not pretend when the connection breaks before the answer', async () => {
    control.onAcknowledge = () => new Promise(() => {});
    playHeldShort();
    const page = await openPage(DESKTOP);
    await waitForRecords(page);
    await page.getByRole('button', { name: 'Acknowledge: The cell has shorted' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByLabel('Your name').fill('Ada');
    await dialog.getByLabel('Reason').fill('Seen');
    await page.keyboard.press('Enter');
    await dialog.getByText('Sending…').waitFor();
    await panel.stop();
    await dialog.getByText('Nobody knows whether this arrived').waitFor();
    await page.keyboard.press('Enter');
    await dialog.getByText('No connection: nothing was sent').waitFor();
    panel = makePanel(0);
    await panel.start();
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
