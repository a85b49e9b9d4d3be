import { type Keithley2400Meter, spoken } from './keithley-2400-meter.ts';
import { RANGES } from './keithley-2400-settings.ts';
import { OVER_RANGE, smallestRange } from './keithley-numbers.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import type { Parameters } from './scpi-parameters.ts';
import { functionCommand, levelCommand } from './smu-commands.ts';
import { type Quantity, quantityNamed, WORDS } from './smu-quantities.ts';

/** The commands of a 2400 that set what it sources and how it measures and counts. */
export function settingCommands(meter: Keithley2400Meter): readonly ScpiCommand[] {
  return [
    { header: ':SYSTem:BEEPer[:STATe]', set: (p) => void p.boolean() },
    { header: ':SYSTem:AZERo[:STATe]', set: (p) => void p.word('ON', 'OFF', 'ONCE') },
    { header: ':SYSTem:TIME:RESet', set: () => meter.zeroTime() },
    flag(':SYSTem:RSENse', () => meter.settings, 'isRemoteSense'),
    ...sourceCommands(meter),
    ...senseCommands(meter),
    ...triggerCommands(meter),
  ];
}

function sourceCommands(meter: Keithley2400Meter): readonly ScpiCommand[] {
  return [
    functionCommand(meter),
    flag(':SOURce[1]:CLEar:AUTO', () => meter.settings, 'isAutoOff'),
    {
      header: ':SOURce[1]:CLEar:AUTO:MODE',
      set: (p) => {
        meter.settings.autoOffMode = p.word('ALWays', 'TCOunt');
      },
    },
    { header: ':SOURce[1]:CURRent:MODE', set: (p) => void p.word('FIXed') },
    { header: ':SOURce[1]:VOLTage:MODE', set: (p) => void p.word('FIXed') },
    rangeCommand(meter, 'CURR'),
    rangeCommand(meter, 'VOLT'),
    levelCommand(meter, 'CURR', spoken),
    levelCommand(meter, 'VOLT', spoken),
  ];
}

function rangeCommand(meter: Keithley2400Meter, quantity: Quantity): ScpiCommand {
  const most = highest(quantity);
  return {
    header: `:SOURce[1]:${WORDS[quantity]}:RANGe`,
    set: (p) => {
      const wanted = Math.abs(p.number(-most, most));
      meter.settings.sourceRange[quantity] = smallestRange(RANGES[quantity], wanted);
      meter.apply();
    },
    query: () => spoken(meter.settings.sourceRange[quantity]),
  };
}

function senseCommands(meter: Keithley2400Meter): readonly ScpiCommand[] {
  return [
    flag('[:SENSe[1]]:FUNCtion:CONCurrent', () => meter.settings, 'isConcurrent'),
    {
      header: '[:SENSe[1]]:FUNCtion[:ON]',
      parametersMax: 2,
      set: (p) => setSenseFunctions(meter, p),
    },
    ...(['VOLT', 'CURR'] as const).flatMap((quantity) => meterCommands(meter, quantity)),
    { header: '[:SENSe[1]]:DATA[:LATest]', query: () => meter.latestText() },
    {
      header: ':FORMat:ELEMents[:SENSe[1]]',
      parametersMax: 5,
      set: (p) => {
        const elements: string[] = [];
        do elements.push(p.word('VOLTage', 'CURRent', 'RESistance', 'TIME', 'STATus'));
        while (p.hasMore);
        meter.settings.elements = elements;
      },
    },
  ];
}

function setSenseFunctions(meter: Keithley2400Meter, parameters: Parameters): void {
  const functions = new Set<Quantity>();
  do functions.add(quantityNamed(parameters.text()));
  while (parameters.hasMore);
  meter.settings.senseFunctions = functions;
}

function meterCommands(meter: Keithley2400Meter, quantity: Quantity): readonly ScpiCommand[] {
  const most = highest(quantity);
  const header = `[:SENSe[1]]:${WORDS[quantity]}[:DC]`;
  return [
    {
      header: `${header}:PROTection[:LEVel]`,
      set: (p) => {
        meter.settings.protection[quantity] = Math.abs(p.number(-most, most));
        meter.apply();
      },
      query: () => spoken(meter.settings.protection[quantity]),
    },
    { header: `${header}:PROTection:TRIPped`, query: () => (meter.output.isLimited ? '1' : '0') },
    {
      header: `${header}:RANGe[:UPPer]`,
      set: (p) => {
        const wanted = Math.abs(p.number(-most, most));
        meter.settings.senseRange[quantity] = smallestRange(RANGES[quantity], wanted);
        meter.settings.isAutoRange[quantity] = false;
      },
      query: () => spoken(meter.rangeInUse(quantity) * OVER_RANGE),
    },
    {
      header: `${header}:RANGe:AUTO`,
      set: (p) => {
        meter.settings.isAutoRange[quantity] = p.boolean();
      },
    },
    { header: `${header}:NPLCycles`, set: (p) => void p.number(0.01, 10) },
  ];
}

function triggerCommands(meter: Keithley2400Meter): readonly ScpiCommand[] {
  return [
    {
      header: ':ARM[:SEQuence[1]][:LAYer[1]]:COUNt',
      set: (p) => {
        meter.settings.armCount = p.integer(1, 2500);
      },
    },
    {
      header: ':ARM[:SEQuence[1]][:LAYer[1]]:SOURce',
      set: (p) => void p.word('IMMediate'),
    },
    {
      header: ':TRIGger[:SEQuence[1]]:COUNt',
      set: (p) => {
        meter.settings.triggerCount = p.integer(1, 2500);
      },
    },
    {
      header: ':TRIGger[:SEQuence[1]]:DELay',
      set: (p) => {
        meter.settings.triggerDelay = p.number(0, 999.9999);
      },
    },
    { header: ':TRIGger[:SEQuence[1]]:SOURce', set: (p) => void p.word('IMMediate') },
    {
      header: ':TRIGger[:SEQuence[1]][:TCONfigure][:ASYNchronous]:OUTPut',
      set: (p) => void p.word('SOURce', 'DELay', 'SENSe', 'NONE'),
    },
    {
      header: ':TRIGger[:SEQuence[1]][:TCONfigure][:ASYNchronous]:OLINe',
      set: (p) => void p.integer(1, 4),
    },
  ];
}

/** Most that a quantity can be set to. */
function highest(quantity: Quantity): number {
  return (RANGES[quantity].at(-1) ?? 0) * OVER_RANGE;
}

/** A command that sets one boolean setting. */
function flag<K extends string>(
  header: string,
  settings: () => Record<K, boolean>,
  key: K,
): ScpiCommand {
  return {
    header,
    set: (p) => {
      settings()[key] = p.boolean();
    },
    query: () => (settings()[key] ? '1' : '0'),
  };
}
