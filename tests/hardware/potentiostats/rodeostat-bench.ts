import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { Rodeostat } from '../../../hardware/potentiostats/rodeostat.ts';
import {
  type RodeostatVariant,
  rodeostatVariant,
} from '../../../hardware/potentiostats/rodeostat-variants.ts';
import { RodeostatTwin } from '../../../hardware/simulated/rodeostat-twin.ts';
import { UnreliableLink, type WireFault } from '../../../hardware/simulated/unreliable-link.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { runToEnd } from './emstat-bench.ts';
import { type Circuit, ResistorCapacitorTerminals } from './resistor-capacitor-terminals.ts';

/** 1 kΩ and 4 kΩ beside 10 µF on 0.5 V: 0.1 mA at 1 V. */
export const CIRCUIT: Circuit = {
  openCircuitVolt: 0.5,
  seriesOhm: 1000,
  parallelOhm: 4000,
  capacitanceFarad: 1e-5,
};

/** A driver, its twin and the wire between them, on a clock that only the test moves. */
export interface RodeostatBench {
  readonly clock: VirtualClock;
  readonly terminals: ResistorCapacitorTerminals;
  readonly hostEnd: Link;
  readonly deviceEnd: Link;
  readonly twin: RodeostatTwin;
  readonly driver: Rodeostat;
  /** Requests as they went over the wire, without LF. */
  readonly heard: string[];
}

export interface BenchOptions {
  readonly variant?: string;
  readonly circuit?: Circuit;
  /** What the driver expects, where it is not what is there. */
  readonly expected?: string;
  readonly faults?: readonly WireFault[];
}

export function variantOf(name: string): RodeostatVariant {
  const variant = rodeostatVariant(name);
  if (!variant) throw new Error(`no variant ${name}`);
  return variant;
}

export function makeRodeostatBench(options: BenchOptions = {}): RodeostatBench {
  const {
    variant: name = '10V_microAmpV0.2',
    circuit = CIRCUIT,
    expected = name,
    faults = [],
  } = options;
  const clock = new VirtualClock();
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const [hostEnd, deviceEnd] = createLinkPair('bench');
  const variant = variantOf(name);
  const link = new UnreliableLink(deviceEnd, { clock, faults });
  const twin = new RodeostatTwin({ link, clock, terminals, seed: 7, variant });
  const driver = new Rodeostat({
    id: 'pot',
    link: hostEnd,
    clock,
    provenance: 'simulated',
    variant: variantOf(expected),
  });
  const heard: string[] = [];
  deviceEnd.onData((bytes) => heard.push(...new TextDecoder().decode(bytes).split('\n')));
  return { clock, terminals, hostEnd, deviceEnd, twin, driver, heard };
}

export async function connectedRodeostat(options: BenchOptions = {}): Promise<RodeostatBench> {
  const bench = makeRodeostatBench(options);
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(new AbortController().signal), 0.1);
  return bench;
}
