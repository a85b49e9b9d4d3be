import { Fault } from '../../src/domain/fault.ts';
import type { Frame } from '../../src/domain/scan.ts';

/** The exposures of a scan in order: flats, darks, projections. */
export function exposureSchedule(counts: {
  readonly flats: number;
  readonly darks: number;
  readonly views: number;
}): readonly { readonly kind: Frame['kind']; readonly index: number }[] {
  const series = (kind: Frame['kind'], length: number) =>
    Array.from({ length }, (_, index) => ({ kind, index }));
  return [
    ...series('flat', counts.flats),
    ...series('dark', counts.darks),
    ...series('projection', counts.views),
  ];
}

/** At most one scan at a time, which the caller's signal or `stop` ends. */
export class ScanSession {
  readonly #scannerId: string;
  #abort: AbortController | undefined;

  constructor(scannerId: string) {
    this.#scannerId = scannerId;
  }

  /**
   * @returns a signal that aborts with the caller's reason, or with a Fault after `stop`
   * @throws Fault instrumentUnable when a scan is under way
   */
  begin(signal: AbortSignal): AbortSignal {
    signal.throwIfAborted();
    if (this.#abort) {
      throw new Fault('instrumentUnable', {
        where: `scanner ${this.#scannerId}`,
        message: 'is already scanning; a second scan must wait for the end of the first',
      });
    }
    this.#abort = new AbortController();
    return AbortSignal.any([signal, this.#abort.signal]);
  }

  end(): void {
    this.#abort = undefined;
  }

  /** Idempotent. */
  stop(): void {
    this.#abort?.abort(
      new Fault('instrumentLost', {
        where: `scanner ${this.#scannerId}`,
        message: 'was stopped before the scan had ended',
      }),
    );
  }
}
