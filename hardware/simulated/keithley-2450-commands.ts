import { type Keithley2450Meter, type ReadingElement, spoken } from './keithley-2450-meter.ts';
import { BUFFER_READINGS_MAX, RANGES } from './keithley-2450-settings.ts';
import { smallestRange } from './keithley-numbers.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import { type Parameters, ScpiFailure } from './scpi-parameters.ts';
import { functionCommand, levelCommand } from './smu-commands.ts';
import { type Quantity, quantityNamed, WORDS } from './smu-quantities.ts';

const BUFFER = 'defbuffer1';
/** Elements of a reading that one question may ask for. */
const ELEMENTS_MAX = 14;

/** The commands of a 2450 that set what it sources and measures, and read its buffer. */
export function settingCommands(meter: Keithley2450Meter): readonly ScpiCommand[] {
  return [
    { header: ':FORMat:ASCii:PRECision', set: (p) => void p.integer(0, 16) },
    ...(['VOLT', 'CURR'] as const).flatMap((quantity) => [
      ...sourceCommands(meter, quantity),
      ...senseCommands(meter, quantity),
    ]),
    functionCommand(meter),
    {
      header: '[:SENSe[1]]:FUNCtion[:ON]',
      set: (p) => {
        meter.settings.measured = quantityNamed(p.text());
      },
    },
    ...bufferCommands(meter),
  ];
}

function sourceCommands(meter: Keithley2450Meter, quantity: Quantity): readonly ScpiCommand[] {
  const header = `:SOURce[1]:${WORDS[quantity]}`;
  const other = quantity === 'VOLT' ? 'CURR' : 'VOLT';
  const [limitWord, most] = quantity === 'CURR' ? ['VLIMit', 210] : ['ILIMit', 1.05];
  const least = quantity === 'CURR' ? 0.02 : 1e-9;
  return [
    {
      header: `${header}:RANGe`,
      set: (p) => {
        const wanted = Math.abs(p.number(-210, 210));
        meter.settings.sourceRange[quantity] = smallestRange(RANGES[quantity], wanted);
        meter.apply();
      },
      query: () => spoken(meter.settings.sourceRange[quantity]),
    },
    levelCommand(meter, quantity, spoken),
    {
      header: `${header}:${limitWord}[:LEVel]`,
      set: (p) => {
        meter.settings.limit[other] = p.number(least, most);
        meter.apply();
      },
      query: () => spoken(meter.settings.limit[other]),
    },
    {
      header: `${header}:READ:BACK`,
      set: (p) => {
        meter.settings.readsBack[quantity] = p.boolean();
      },
    },
  ];
}

function senseCommands(meter: Keithley2450Meter, quantity: Quantity): readonly ScpiCommand[] {
  const header = `[:SENSe[1]]:${WORDS[quantity]}[:DC]`;
  return [
    {
      header: `${header}:RANGe[:UPPer]`,
      set: (p) => {
        const wanted = Math.abs(p.number(-210, 210));
        meter.settings.senseRange[quantity] = smallestRange(RANGES[quantity], wanted);
        meter.settings.isAutoRange[quantity] = false;
      },
      query: () => spoken(meter.rangeInUse(quantity)),
    },
    {
      header: `${header}:RANGe:AUTO`,
      set: (p) => {
        meter.settings.isAutoRange[quantity] = p.boolean();
      },
    },
    {
      header: `${header}:RSENse`,
      set: (p) => {
        meter.settings.isRemoteSense[quantity] = p.boolean();
      },
    },
    { header: `${header}:NPLCycles`, set: (p) => void p.number(0.01, 10) },
  ];
}

function bufferCommands(meter: Keithley2450Meter): readonly ScpiCommand[] {
  return [
    {
      header: ':TRACe:POINts',
      parametersMax: 2,
      set: (p) => {
        const size = p.integer(10, BUFFER_READINGS_MAX);
        takeBuffer(p);
        meter.settings.bufferSize = size;
        meter.clear();
      },
    },
    {
      header: ':TRACe:FILL:MODE',
      parametersMax: 2,
      set: (p) => {
        const mode = p.word('CONTinuous', 'ONCE');
        takeBuffer(p);
        meter.settings.isContinuous = mode === 'CONT';
      },
    },
    {
      header: ':TRACe:CLEar',
      set: (p) => {
        takeBuffer(p);
        meter.clear();
      },
    },
    {
      header: ':TRACe:ACTual',
      query: (p) => {
        takeBuffer(p);
        return String(meter.buffered);
      },
    },
    { header: ':TRACe:DATA', parametersMax: ELEMENTS_MAX + 3, query: (p) => bufferText(meter, p) },
  ];
}

function bufferText(meter: Keithley2450Meter, parameters: Parameters): string {
  const first = parameters.integer(1, BUFFER_READINGS_MAX);
  const last = parameters.integer(1, BUFFER_READINGS_MAX);
  takeBuffer(parameters);
  const elements: ReadingElement[] = [];
  while (parameters.hasMore) {
    const word = parameters.word('SOURce', 'READing', 'SEConds', 'FRACtional', 'SOURSTATus');
    elements.push(word as ReadingElement);
  }
  return meter.bufferText(first, last, elements);
}

/** The one buffer there is. @throws ScpiFailure */
export function takeBuffer(parameters: Parameters): void {
  if (parameters.text() !== BUFFER) throw new ScpiFailure(-224);
}
