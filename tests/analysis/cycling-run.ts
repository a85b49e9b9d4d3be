import { CHANNELS } from '../../src/domain/channel.ts';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import type { Quality } from '../../src/domain/sample.ts';
import { MemoryRun } from '../support/memory-run.ts';

/** Writes a run by hand, as an experiment would: readings, steps, spectra. */
export class WrittenRun {
  readonly run = new MemoryRun();
  #second = 0;
  #coulomb = 0;

  get nowSecond(): number {
    return this.#second;
  }

  reading(voltageVolt: number, currentAmpere: number, quality: Quality = 'good'): this {
    const { voltage, current } = CHANNELS;
    for (const [channel, value] of [
      [voltage.name, voltageVolt],
      [current.name, currentAmpere],
    ] as const) {
      this.run.append(this.#second, { kind: 'sample', channel, value, quality });
    }
    return this;
  }

  celsius(value: number): this {
    const channel = CHANNELS.temperature.name;
    this.run.append(this.#second, { kind: 'sample', channel, value, quality: 'good' });
    return this;
  }

  wait(seconds: number): this {
    this.#second += seconds;
    return this;
  }

  /** A step that reads the cell every `everySecond` while its current flows. */
  step(
    name: string,
    {
      ampere,
      second,
      volt,
      everySecond = 60,
      technique = ampere === 0 ? 'openCircuit' : 'constantCurrent',
    }: {
      readonly ampere: number;
      readonly second: number;
      readonly volt: (elapsedSecond: number) => number;
      readonly everySecond?: number;
      readonly technique?: string;
    },
  ): this {
    this.start(name, technique);
    for (let elapsed = everySecond; elapsed <= second + 1e-9; elapsed += everySecond) {
      this.wait(everySecond);
      this.#coulomb += ampere * everySecond;
      this.reading(volt(elapsed), ampere);
    }
    return this.end(name, technique);
  }

  start(name: string, technique: string): this {
    return this.#step(name, technique, 'started');
  }

  end(name: string, technique: string, endedBy = 'time: 1 h'): this {
    return this.#step(name, technique, 'ended', endedBy);
  }

  spectrum(spectrumId: string, fit: CircuitFit, second = 20): this {
    const startSecond = this.#second;
    this.wait(second);
    this.run.append(this.#second, {
      kind: 'spectrum',
      spectrumId,
      pointCount: fit.points,
      startSecond,
      stopSecond: this.#second,
      startChargeCoulomb: this.#coulomb,
      stopChargeCoulomb: this.#coulomb,
      complete: true,
    });
    this.run.append(this.#second, { kind: 'fit', spectrumId, final: true, fit });
    return this;
  }

  finish(): MemoryRun {
    this.run.commit();
    return this.run;
  }

  #step(name: string, technique: string, state: 'started' | 'ended', endedBy?: string): this {
    this.run.append(this.#second, {
      kind: 'step',
      stepId: name,
      name: name.split('/').at(-1) ?? name,
      technique,
      state,
      ...(endedBy === undefined ? {} : { endedBy }),
      chargeCoulomb: this.#coulomb,
    });
    return this;
  }
}
