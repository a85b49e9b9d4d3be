import type { AbsorptionPlace } from '../domain/absorption.ts';
import { phaseShareName } from '../domain/absorption.ts';
import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import type { Frame } from '../domain/scan.ts';
import { type AbsorptionPoint, fitPhaseShares } from './phase-shares.ts';

/** Pixels of a frame that are looked at, evenly over it: enough for a mean. */
const PIXELS_MAX = 16_384;

/** The scan that goes on: what its pixels see without the sample, and what it absorbs. */
interface OpenScan {
  readonly scanId: string;
  readonly energyJoule: number;
  readonly place: AbsorptionPlace;
  readonly stride: number;
  readonly flats: MeanFrame;
  readonly darks: MeanFrame;
  absorbanceSum: number;
  absorbanceCount: number;
}

/**
 * Hears the projections of scans at the energies of an absorption edge, and publishes the share of
 * each phase when a set of energies is complete. Frames are not kept.
 */
export class AbsorptionService implements AnalysisService {
  readonly #bus: Bus;
  #unsubscribe: (() => void)[] = [];
  #scan: OpenScan | undefined;
  /** Of the set that goes on, by place. */
  #points: AbsorptionPoint[] = [];

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async start(): Promise<void> {
    if (this.#unsubscribe.length > 0) return;
    this.#unsubscribe = [
      this.#bus.on('scanStarted', (event) => this.#begin(event)),
      this.#bus.on('frame', ({ frame }) => this.#take(frame)),
      this.#bus.on('scanEnded', (event) => this.#end(event)),
    ];
  }

  /** Nothing waits: each set is worked out while its last scan is heard to end. */
  async drain(): Promise<void> {}

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #begin({ plan, rows, columns, absorption }: BusEvents['scanStarted']): void {
    const { scanId, energyJoule } = plan;
    this.#scan = undefined;
    if (!absorption || energyJoule === undefined) return;
    const stride = Math.max(1, Math.ceil((rows * columns) / PIXELS_MAX));
    const size = Math.ceil((rows * columns) / stride);
    this.#scan = {
      scanId,
      energyJoule,
      place: absorption,
      stride,
      flats: new MeanFrame(size),
      darks: new MeanFrame(size),
      absorbanceSum: 0,
      absorbanceCount: 0,
    };
  }

  #take(frame: Frame): void {
    const scan = this.#scan;
    if (!scan || frame.scanId !== scan.scanId) return;
    if (frame.kind === 'flat') scan.flats.add(frame.pixels, scan.stride);
    else if (frame.kind === 'dark') scan.darks.add(frame.pixels, scan.stride);
    else addAbsorbance(scan, frame.pixels);
  }

  #end({ scanId, complete }: BusEvents['scanEnded']): void {
    const scan = this.#scan;
    if (!scan || scan.scanId !== scanId) return;
    this.#scan = undefined;
    // One that was cut off is taken again, at the same place.
    if (!complete) return;
    const { at, count, standards } = scan.place;
    if (at === 0) this.#points = [];
    const absorbance = scan.absorbanceSum / scan.absorbanceCount;
    this.#points.push({ energyJoule: scan.energyJoule, absorbance, standards });
    if (at + 1 === count) this.#finish(scanId, count);
  }

  #finish(source: string, count: number): void {
    const points = this.#points.splice(0);
    const shares =
      points.length === count
        ? fitPhaseShares(points)
        : `${points.length} of the ${count} energies were heard since the software started`;
    if (typeof shares === 'string') {
      const message = `the shares of phases are not determined: ${shares}`;
      this.#bus.publish('analysisFault', { where: source, message });
      return;
    }
    for (const { phase, share, standardError } of shares) {
      const value = { name: phaseShareName(phase), value: share, source };
      this.#bus.publish('derived', {
        value: standardError === null ? value : { ...value, standardError },
      });
    }
  }
}

/** -ln((p - d) / (f - d)), of the pixels that light comes through to. */
function addAbsorbance(scan: OpenScan, pixels: Uint16Array): void {
  const { darks, flats, stride } = scan;
  for (let at = 0, pixel = 0; pixel < pixels.length; at += 1, pixel += stride) {
    const dark = darks.mean(at);
    const open = flats.mean(at) - dark;
    const through = (pixels[pixel] ?? 0) - dark;
    if (!(open > 0) || !(through > 0)) continue;
    scan.absorbanceSum -= Math.log(through / open);
    scan.absorbanceCount += 1;
  }
}

class MeanFrame {
  readonly #sums: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
  }

  add(pixels: Uint16Array, stride: number): void {
    for (let at = 0, pixel = 0; pixel < pixels.length; at += 1, pixel += stride) {
      this.#sums[at] = (this.#sums[at] ?? 0) + (pixels[pixel] ?? 0);
    }
    this.#count += 1;
  }

  /** 0 before the first frame. */
  mean(at: number): number {
    return this.#count === 0 ? 0 : (this.#sums[at] ?? 0) / this.#count;
  }
}
