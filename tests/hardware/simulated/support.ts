import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type CellModel, CellModel as Model } from '../../../hardware/simulated/cell-model.ts';
import {
  type CellSimulation,
  cellSimulationSchema,
} from '../../../hardware/simulated/cell-parameters.ts';
import { type Cell, cellSchema } from '../../../src/domain/cell.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { type Rig, rigSchema } from '../../../src/domain/rig.ts';

/** A clock whose time the test sets; nothing can wait on it. */
export class HandClock implements Clock {
  second = 0;

  nowSecond(): number {
    return this.second;
  }

  utcMs(): number {
    return this.second * 1000;
  }

  after(): () => void {
    throw new Error('nothing may wait on this clock');
  }

  hold(): () => void {
    return () => {};
  }
}

function readYaml(pathFromRoot: string): unknown {
  return parse(readFileSync(new URL(`../../../${pathFromRoot}`, import.meta.url), 'utf8'));
}

export function readCell(name: string): Cell {
  return cellSchema.parse(readYaml(`recipes/cells/${name}.yaml`));
}

export function readRig(name: string): Rig {
  return rigSchema.parse(readYaml(`hardware/rigs/${name}.yaml`));
}

export const LITHIUM_CELL = readCell('li-li3ps4-li');

export function lithiumSimulation(): CellSimulation {
  return cellSimulationSchema.parse(LITHIUM_CELL.simulation);
}

/** The cell of Park 2023 at a fixed temperature. */
export function lithiumCell(clock: Clock, seed = 1, celsius = 60): CellModel {
  return new Model({
    clock,
    simulation: lithiumSimulation(),
    areaSquareMetre: LITHIUM_CELL.area,
    celsius: () => celsius,
    seed,
  });
}

/** 0.8 mA/cm² through that cell, in ampere. */
export const PARK_CURRENT_AMPERE = 8 * LITHIUM_CELL.area;
