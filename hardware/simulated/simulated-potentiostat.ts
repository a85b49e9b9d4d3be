import type {
  InstrumentInfo,
  LineLosses,
  Potentiostat,
  PotentiostatCapability,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';

/** The simulated instrument at the far end of a driver's link. */
export interface InstrumentTwin {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** A real driver that talks to a simulated twin; the twin lives from connect to disconnect. */
export class SimulatedPotentiostat implements Potentiostat {
  readonly #driver: Potentiostat;
  readonly #twin: InstrumentTwin;

  constructor(driver: Potentiostat, twin: InstrumentTwin) {
    this.#driver = driver;
    this.#twin = twin;
  }

  get info(): InstrumentInfo {
    return this.#driver.info;
  }

  get capability(): PotentiostatCapability {
    return this.#driver.capability;
  }

  get losses(): LineLosses | undefined {
    return this.#driver.losses;
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#twin.start();
    try {
      await this.#driver.connect(signal);
    } catch (error) {
      // An aborted driver may still have to open the cell; disconnect ends the twin then.
      if (!signal.aborted) await this.#twin.stop();
      throw error;
    }
  }

  measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    return this.#driver.measure(technique, signal);
  }

  cellOff(): Promise<void> {
    return this.#driver.cellOff();
  }

  async disconnect(): Promise<void> {
    try {
      await this.#driver.disconnect();
    } finally {
      await this.#twin.stop();
    }
  }
}
