import { PiHeater } from '../../hardware/heater/pi-heater.ts';
import { TappedSensor } from '../../hardware/sensors/tapped-sensor.ts';
import { FaultSchedule } from '../../hardware/simulated/faults.ts';
import { faultyPowerStage } from '../../hardware/simulated/faults-heater.ts';
import { FaultySensor } from '../../hardware/simulated/faults-sensor.ts';
import { type OvenParameters, OvenPlant, ovenSchema } from '../../hardware/simulated/oven-plant.ts';
import { ovenThermometer } from '../../hardware/simulated/oven-thermometer.ts';
import { SimulatedHeaterOutput } from '../../hardware/simulated/simulated-heater-output.ts';
import { simulatedThermometer } from '../../hardware/simulated/simulated-thermometer.ts';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { Safety } from '../../src/domain/recipe.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { ChargeCounter } from '../../src/run/charge-counter.ts';
import { HeaterWatch } from '../../src/run/heater-watch.ts';
import { Intake } from '../../src/run/intake.ts';
import { limitsOf, type Trip } from '../../src/run/interlocks.ts';
import { Journal } from '../../src/run/journal.ts';
import { StuckWatch } from '../../src/run/sample-watch.ts';
import { engineState } from '../support/engine-state.ts';
import { MemoryWriter } from '../support/memory-writer.ts';

/** The thermal half of a rig, with the real controller, the real interlocks and faults. */

export const SAFETY: Safety = {
  temperature: { max: 85 },
  voltage: { min: -1, max: 5 },
  current: { max: 0.01 },
};
const HEATER_CELSIUS_MAX = 80;
export const CUT_OUT_CELSIUS = 95;
/** By how much the room swings through a day. */
const ROOM_SWING_KELVIN = 2;
const DAY_SECOND = 86_400;

export interface ThermalBenchOptions {
  readonly seed: number;
  readonly faults?: readonly InjectedFault[];
  /** Without it the only thermometer is on the cell. */
  readonly hasOvenThermometer?: boolean;
  /** The oven differs from seed to seed, by this factor at most. */
  readonly spread?: number;
}

export interface SeenTrip {
  readonly timeSecond: number;
  readonly trip: Trip;
}

/** One oven, one cell in it, its thermometers and its heater, all on simulated time. */
export class ThermalBench {
  readonly clock = new VirtualClock();
  readonly oven: OvenPlant;
  readonly parameters: OvenParameters;
  readonly heater: PiHeater;
  readonly trips: SeenTrip[] = [];
  hottestBlockCelsius = 0;
  hottestCellCelsius = 0;
  #watch = new HeaterWatch();
  #intake: Intake;
  readonly #sensors: readonly TappedSensor[];

  constructor({ seed, faults = [], hasOvenThermometer = true, spread = 1 }: ThermalBenchOptions) {
    const { clock } = this;
    this.parameters = roomWithADay(ovenOf(seed, spread), clock);
    this.oven = new OvenPlant({ clock, oven: this.parameters });
    const schedule = new FaultSchedule(faults, clock);
    this.oven.usePowerStage(faultyPowerStage(schedule));
    const settings = { every: 5, noise: 0.02, resolution: 0.01 };
    const common = { oven: this.oven, clock };
    const cell = simulatedThermometer({
      ...common,
      id: 'cell-temperature',
      settings: { ...settings, every: hasOvenThermometer ? 2 : 5 },
      seed: deriveSeed(seed, 'cell noise'),
    });
    const block = ovenThermometer({
      ...common,
      id: 'oven-temperature',
      settings: { ...settings, every: 1 },
      seed: deriveSeed(seed, 'oven noise'),
    });
    this.#sensors = [cell, ...(hasOvenThermometer ? [block] : [])].map(
      (sensor) => new TappedSensor(new FaultySensor(sensor, sensor.info.id, schedule)),
    );
    const [first] = this.#sensors;
    if (!first) throw new Error('there is no thermometer');
    this.heater = new PiHeater({
      info: { id: 'heater', model: 'simulated oven', provenance: 'simulated' },
      settings: {
        sensor: 'cell-temperature',
        temperatureMax: HEATER_CELSIUS_MAX,
        every: 5,
        ...tuned(this.parameters),
        staleSamples: 3,
        dutyMax: 1,
      },
      reading: first.source(CHANNELS.temperature.name),
      output: new SimulatedHeaterOutput(this.oven),
      clock,
    });
    this.#intake = this.#makeIntake();
  }

  async start(): Promise<void> {
    const { signal } = new AbortController();
    for (const sensor of this.#sensors) {
      await sensor.connect(signal, this.#intake.accept);
      for (const { name } of sensor.channels) this.#intake.watch(name, sensor.everySecond);
    }
    await this.heater.connect(signal, this.#intake.accept);
    this.#intake.watch(CHANNELS.heaterDuty.name);
  }

  /** What a soak does. */
  async hold(celsius: number): Promise<void> {
    await this.heater.setTarget(celsius);
    this.#watch.setTarget(celsius);
  }

  /** The host dies, the power with it; another one takes over, knowing nothing of this oven. */
  async restart(gapSecond: number): Promise<void> {
    await this.stop();
    await this.clock.advance(gapSecond);
    this.#watch = new HeaterWatch();
    this.#intake = this.#makeIntake();
    await this.start();
  }

  async off(): Promise<void> {
    await this.heater.off();
    this.#watch.setTarget(undefined);
  }

  /** Passes time; the safe state begins with the first trip. */
  async pass(seconds: number): Promise<void> {
    const endSecond = this.clock.nowSecond() + seconds;
    while (this.clock.nowSecond() < endSecond && this.trips.length === 0) {
      await this.clock.advance(Math.min(60, endSecond - this.clock.nowSecond()));
      this.#look();
    }
  }

  /** After a trip: what the plant does with its heater off. */
  async coast(seconds: number): Promise<void> {
    await this.off();
    for (let left = seconds; left > 0; left -= 10) {
      await this.clock.advance(10);
      this.#look();
    }
  }

  async stop(): Promise<void> {
    for (const sensor of this.#sensors) await sensor.disconnect();
    await this.heater.disconnect();
    this.#intake.close();
  }

  #look(): void {
    this.hottestBlockCelsius = Math.max(this.hottestBlockCelsius, this.oven.blockCelsius());
    this.hottestCellCelsius = Math.max(this.hottestCellCelsius, this.oven.cellCelsius());
  }

  #makeIntake(): Intake {
    const limits = limitsOf(SAFETY);
    return new Intake({
      clock: this.clock,
      journal: new Journal({
        writer: new ForgetfulWriter(this.clock),
        clock: this.clock,
        commitSecondMax: 3600,
        state: () => engineState(),
        onFault: (fault) => {
          throw fault;
        },
      }),
      charge: new ChargeCounter(),
      limits,
      watches: [
        new StuckWatch([...limits.values()].filter(({ sensorMin }) => sensorMin !== undefined)),
        this.#watch,
      ],
      onTrip: (trip) => this.#trip(trip),
    });
  }

  /** As a run does: in the turn of the trip. */
  #trip(trip: Trip): void {
    this.trips.push({ timeSecond: this.clock.nowSecond(), trip });
    if (this.trips.length === 1) void this.off();
  }
}

/** Weeks of samples are of no use to a campaign. */
class ForgetfulWriter extends MemoryWriter {
  override append(): number {
    return 1;
  }

  override saveState(): void {}
}

/** Who installs an oven tunes its controller: a strong heater and a slow cell need a wide band. */
function tuned({ heaterPower, heatCapacity, cellLag }: OvenParameters) {
  const strength = ((heaterPower / heatCapacity) * cellLag) / (0.1 * 45);
  return {
    proportionalBand: 10 * Math.max(1, strength),
    integralTime: 400 * Math.max(1, heatCapacity / 600, cellLag / 45),
  };
}

/** An oven of the kind of the simulated rig, more or less strong, tight and heavy. */
function ovenOf(seed: number, spread: number): OvenParameters {
  const random = new Random(deriveSeed(seed, 'oven'));
  const by = (): number => spread ** (2 * random.uniform() - 1);
  return ovenSchema.parse({
    heaterPower: `${60 * by()} W`,
    heatLoss: `${0.5 * by()} W/K`,
    heatCapacity: `${600 * by()} J/K`,
    cellLag: `${45 * by()} s`,
    cutOut: `${CUT_OUT_CELSIUS} °C`,
  });
}

/** The room is warmer in the afternoon. */
function roomWithADay(oven: OvenParameters, clock: VirtualClock): OvenParameters {
  const meanCelsius = oven.ambient;
  return {
    ...oven,
    get ambient() {
      const phase = (2 * Math.PI * clock.nowSecond()) / DAY_SECOND;
      return meanCelsius + ROOM_SWING_KELVIN * Math.sin(phase);
    },
  };
}
