import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import { EmStatTwin, type EmStatTwinOptions } from '../../hardware/simulated/emstat-twin.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { CIRCUIT } from './potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from './potentiostats/resistor-capacitor-terminals.ts';

/** A person at a terminal with the simulated instrument. */
export async function terminal(seed = 7, changes: Partial<EmStatTwinOptions> = {}) {
  const clock = new VirtualClock();
  const terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
  const [near, far] = createLinkPair('terminal');
  const twin = new EmStatTwin({ link: far, clock, terminals, seed, ...changes });
  const framer = new LineFramer({ lengthMax: 255, stripFlowControl: true });
  let heard: string[] = [];
  const raw: number[] = [];
  near.onData((bytes) => {
    raw.push(...bytes);
    heard.push(...framer.push(bytes));
  });
  await near.open(new AbortController().signal);
  await twin.start();
  const say = async (text: string, seconds = 0.1): Promise<string[]> => {
    heard = [];
    near.write(new TextEncoder().encode(text));
    await clock.advance(seconds);
    return heard;
  };
  const hear = async (seconds: number): Promise<string[]> => {
    heard = [];
    await clock.advance(seconds);
    return heard;
  };
  return { clock, terminals, twin, near, say, hear, raw };
}

/** The beginning of a script that passes 1 mA. */
export const GALVANOSTAT = 'var e\nvar i\nset_pgstat_mode 6\nset_i 1m\ncell_on';

/** One package of a loop. */
export const SAMPLE = 'pck_start\npck_add e\npck_add i\npck_end';

/** The end of a script. */
export const FINISH = 'on_finished:\ncell_off';
