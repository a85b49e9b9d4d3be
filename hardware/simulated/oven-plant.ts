import type { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';

/** A heated block with a cell in it, in a room. */
export const ovenSchema = closedObject({
  /** Of the room; the oven and the cell start there. */
  ambient: quantity('temperature').default(25),
  /** At full duty. */
  heaterPower: quantity('power').default(60),
  /** From the block to the room. */
  heatLoss: quantity('thermalConductance')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(0.5),
  /** Of block and cell together. */
  heatCapacity: quantity('heatCapacity')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(600),
  /** Time constant with which the cell follows the block. */
  cellLag: quantity('time')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(45),
  /** A bimetal switch in the supply opens when the block gets this hot, and stays open. */
  cutOut: quantity('temperature').optional(),
}).refine((oven) => oven.cellLag < (0.9 * oven.heatCapacity) / oven.heatLoss, {
  path: ['cellLag'],
  message: 'expected less than 0.9 × heatCapacity / heatLoss: a cell follows faster than its oven',
});

/** Temperatures in °C, power in W, loss in W/K, capacity in J/K, lag in s. */
export type OvenParameters = z.output<typeof ovenSchema>;

/** What stands between the duty that is told and the heat that comes. */
export interface PowerStage {
  /** When what it does changes by itself, in order. */
  readonly changesSecond: readonly number[];
  trueFraction(toldFraction: number, timeSecond: number): number;
}

/**
 * Second-order thermal model: C dT/dt = P·duty + Pcell - G (T - ambient) for the block, a
 * first-order lag for the cell. Between two calls duty and the cell's own heat are constant, so
 * the step has a closed form.
 */
export class OvenPlant {
  readonly #clock: Clock;
  readonly #oven: OvenParameters;
  readonly #cellHeatWatt: () => number;
  #timeSecond: number;
  #dutyFraction = 0;
  #blockCelsius: number;
  #cellCelsius: number;
  #stage: PowerStage | undefined;
  #isCutOut = false;
  #shiftKelvin: () => number = () => 0;

  /** @param options.cellHeatWatt what the cell gives off now; it must not ask for a temperature */
  constructor(options: {
    readonly clock: Clock;
    readonly oven: OvenParameters;
    readonly cellHeatWatt?: () => number;
  }) {
    this.#clock = options.clock;
    this.#oven = options.oven;
    this.#cellHeatWatt = options.cellHeatWatt ?? (() => 0);
    this.#timeSecond = options.clock.nowSecond();
    this.#blockCelsius = options.oven.ambient;
    this.#cellCelsius = options.oven.ambient;
  }

  /** @param dutyFraction share of full power, limited to 0 … 1 */
  setDuty(dutyFraction: number): void {
    this.#advance();
    this.#dutyFraction = Math.min(1, Math.max(0, dutyFraction));
  }

  /** Plain data: what it remembers. */
  saveState(): { readonly blockCelsius: number; readonly cellCelsius: number } {
    this.#advance();
    return { blockCelsius: this.#blockCelsius, cellCelsius: this.#cellCelsius };
  }

  /** As warm as it was then, without power. */
  restoreState(saved: { readonly blockCelsius: number; readonly cellCelsius: number }): void {
    this.#timeSecond = this.#clock.nowSecond();
    this.#dutyFraction = 0;
    this.#blockCelsius = saved.blockCelsius;
    this.#cellCelsius = saved.cellCelsius;
  }

  /** As it was told: what heats is known to the plant alone. */
  dutyFraction(): number {
    return this.#dutyFraction;
  }

  /** Whether the bimetal switch has opened. */
  isCutOut(): boolean {
    this.#advance();
    return this.#isCutOut;
  }

  /** Puts a power stage, which may fail, between what is told and what heats. */
  usePowerStage(stage: PowerStage): void {
    this.#advance();
    this.#stage = stage;
  }

  /** @param shiftKelvin by how much the room differs now from what it was built with */
  useRoom(shiftKelvin: () => number): void {
    this.#advance();
    this.#shiftKelvin = shiftKelvin;
  }

  blockCelsius(): number {
    this.#advance();
    return this.#blockCelsius;
  }

  cellCelsius(): number {
    this.#advance();
    return this.#cellCelsius;
  }

  #advance(): void {
    const nowSecond = this.#clock.nowSecond();
    const changes = (this.#stage?.changesSecond ?? []).filter(
      (at) => at > this.#timeSecond && at < nowSecond,
    );
    for (const untilSecond of [...changes, nowSecond]) {
      this.#pass(untilSecond - this.#timeSecond);
      this.#timeSecond = untilSecond;
    }
  }

  /** Lets time pass in which the power changes only when the cut-out opens. */
  #pass(seconds: number): void {
    if (seconds <= 0) return;
    const leftSecond = this.#secondsToCutOut();
    if (leftSecond < seconds) {
      this.#step(leftSecond);
      this.#isCutOut = true;
      this.#step(seconds - leftSecond);
    } else {
      this.#step(seconds);
    }
  }

  #restCelsius(): number {
    const { ambient, heaterPower, heatLoss } = this.#oven;
    const toldFraction = this.#dutyFraction;
    const fraction = this.#isCutOut
      ? 0
      : (this.#stage?.trueFraction(toldFraction, this.#timeSecond) ?? toldFraction);
    const roomCelsius = ambient + this.#shiftKelvin();
    return roomCelsius + (heaterPower * fraction + this.#cellHeatWatt()) / heatLoss;
  }

  /** Until the block is as hot as the cut-out allows, at the present power; Infinity for never. */
  #secondsToCutOut(): number {
    const { cutOut, heatCapacity, heatLoss } = this.#oven;
    if (cutOut === undefined || this.#isCutOut) return Number.POSITIVE_INFINITY;
    if (this.#blockCelsius >= cutOut) return 0;
    const restCelsius = this.#restCelsius();
    if (restCelsius <= cutOut) return Number.POSITIVE_INFINITY;
    const share = (restCelsius - cutOut) / (restCelsius - this.#blockCelsius);
    return -(heatCapacity / heatLoss) * Math.log(share);
  }

  #step(stepSecond: number): void {
    const { heatLoss, heatCapacity, cellLag } = this.#oven;
    const blockLag = heatCapacity / heatLoss;
    const restCelsius = this.#restCelsius();
    const blockAway = this.#blockCelsius - restCelsius;
    // Cell = rest + a e^(-t/blockLag) + b e^(-t/cellLag); the schema keeps the lags apart.
    const a = (blockAway * blockLag) / (blockLag - cellLag);
    const b = this.#cellCelsius - restCelsius - a;
    const blockDecay = Math.exp(-stepSecond / blockLag);
    this.#blockCelsius = restCelsius + blockAway * blockDecay;
    this.#cellCelsius = restCelsius + a * blockDecay + b * Math.exp(-stepSecond / cellLag);
  }
}
