import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { keithleyCapability } from '../potentiostats/keithley-models.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import {
  AMPERE_RANGES,
  SOURCE_AMPERE,
  SOURCE_VOLT,
  settingsAfterReset,
  VOLT_RANGES,
} from './keithley-2400-settings.ts';
import { exponential, isAboveRange, OVER_RANGE, smallestRange } from './keithley-numbers.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import { ScpiInstrument } from './scpi-instrument.ts';
import { type Parameters, ScpiFailure } from './scpi-parameters.ts';
import { SmuOutput } from './smu-output.ts';

export interface Keithley2400TwinOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
  /** How much its clock runs fast, relative. */
  readonly clockError?: number;
  /** Of its RS-232; as fast as the link without it. */
  readonly baudRate?: number;
  /** Its reply to `*IDN?`. */
  readonly identity?: string;
  /** Its reply to `*LANG?`, which only a 2450 knows that is set to the commands of a 2400. */
  readonly language?: string;
}

const IDENTITY = `KEITHLEY INSTRUMENTS INC.,MODEL 2400,${SIMULATED_MARK}1098765,C30   Mar 17 2006 09:29:29/A02  /H/K`;

/** Voltage and current, each with its zero, at one cycle of the power line. */
const READING_SECOND = 0.12;
const ERRORS_MAX = 10;
/** Commands that it takes while it measures (2400 manual 16-3). */
const TAKEN_WHILE_BUSY = new Set([':ABOR', '*RST', '*TRG', ':SYST:PRES']);

/** Status of a reading, 2400 manual section 18, `:FORMat:ELEMents`. */
const STATUS = {
  overflow: 2 ** 0,
  compliance: 2 ** 3,
  voltsMeasured: 2 ** 11,
  ampsMeasured: 2 ** 12,
  voltSource: 2 ** 14,
  currentSource: 2 ** 15,
  remoteSense: 2 ** 22,
} as const;
const NOT_A_NUMBER = 9.91e37;
const OVERFLOW = 9.9e37;

interface Taken {
  readonly VOLT: number;
  readonly CURR: number;
  readonly TIME: number;
  readonly STAT: number;
}

/**
 * A simulated Keithley 2400 with the simulated cell at its terminals. It speaks the SCPI of the
 * 2400 on its end of a link, executes nothing but an abort while it measures, switches its output
 * off when its trigger count has expired if it was told to, and goes on when the host is gone.
 */
export class Keithley2400Twin {
  readonly output: SmuOutput;
  readonly #clock: Clock;
  readonly #clockError: number;
  readonly #identity: string;
  readonly #language: string | undefined;
  readonly #instrument: ScpiInstrument;
  #settings = settingsAfterReset();
  #run: AbortController | undefined;
  #latest: Taken | undefined;
  #zeroSecond = 0;

  constructor(options: Keithley2400TwinOptions) {
    const { link, clock, terminals, seed, clockError, identity, baudRate } = options;
    this.#clock = clock;
    this.#language = options.language;
    this.#clockError = clockError ?? 0;
    this.#identity = identity ?? IDENTITY;
    const { voltageVolt, currentAmpere } = keithleyCapability('2400').accuracy;
    this.output = new SmuOutput({
      terminals,
      clock,
      seed: deriveSeed(seed, 'keithley 2400 errors'),
      accuracy: {
        sourceVolt: SOURCE_VOLT,
        sourceAmpere: SOURCE_AMPERE,
        measureVolt: voltageVolt,
        measureAmpere: currentAmpere,
      },
    });
    this.#instrument = new ScpiInstrument(
      link,
      {
        commands: this.#commands(),
        errorsMax: ERRORS_MAX,
        isHeldBack: ({ name }) => this.#run !== undefined && !TAKEN_WHILE_BUSY.has(name),
      },
      baudRate === undefined ? undefined : { clock, baudRate },
    );
  }

  /** Errors in its queue. */
  get errors(): readonly number[] {
    return this.#instrument.errors;
  }

  /** Switches the instrument on: in the state after `*RST`, its output off. Idempotent. */
  async start(): Promise<void> {
    if (this.#instrument.power) return;
    this.#reset();
    this.output.powerOn();
    await this.#instrument.start();
  }

  /** Takes the power away: its relay opens. Idempotent. */
  async stop(): Promise<void> {
    this.#abort();
    this.output.powerOff();
    await this.#instrument.stop();
  }

  /** Somebody presses the OUTPUT key of its front while the output is on. */
  pressOutputKey(): void {
    this.#abort();
    this.output.switch(false);
    this.#instrument.resume();
  }

  #commands(): readonly ScpiCommand[] {
    return [
      { header: '*IDN', query: () => this.#identity },
      ...this.#languageCommands(),
      { header: '*RST', set: () => this.#reset() },
      { header: '*TRG', set: () => this.#refuseTrigger() },
      { header: ':ABORt', set: () => this.#abort() },
      { header: ':INITiate[:IMMediate]', set: () => this.#initiate() },
      { header: ':SYSTem:BEEPer[:STATe]', set: (p) => void p.boolean() },
      { header: ':SYSTem:AZERo[:STATe]', set: (p) => void p.word('ON', 'OFF', 'ONCE') },
      { header: ':SYSTem:TIME:RESet', set: () => this.#zeroTime() },
      flag(':SYSTem:RSENse', () => this.#settings, 'isRemoteSense'),
      {
        header: ':OUTPut[1][:STATe]',
        set: (p) => this.#switch(p.boolean()),
        query: () => (this.output.isOn ? '1' : '0'),
      },
      { header: ':OUTPut[1]:SMODe', set: (p) => this.#setOffMode(p) },
      ...this.#sourceCommands(),
      ...this.#senseCommands(),
      ...this.#triggerCommands(),
    ];
  }

  #languageCommands(): readonly ScpiCommand[] {
    const language = this.#language;
    return language === undefined ? [] : [{ header: '*LANG', query: () => language }];
  }

  #sourceCommands(): readonly ScpiCommand[] {
    return [
      {
        header: ':SOURce[1]:FUNCtion[:MODE]',
        set: (p) => this.#setFunction(p.word('VOLTage', 'CURRent') as 'VOLT' | 'CURR'),
        query: () => this.#settings.function,
      },
      flag(':SOURce[1]:CLEar:AUTO', () => this.#settings, 'isAutoOff'),
      {
        header: ':SOURce[1]:CLEar:AUTO:MODE',
        set: (p) => {
          this.#settings.autoOffMode = p.word('ALWays', 'TCOunt');
        },
      },
      { header: ':SOURce[1]:CURRent:MODE', set: (p) => void p.word('FIXed') },
      { header: ':SOURce[1]:VOLTage:MODE', set: (p) => void p.word('FIXed') },
      this.#rangeCommand('CURR', ':SOURce[1]:CURRent:RANGe', AMPERE_RANGES),
      this.#rangeCommand('VOLT', ':SOURce[1]:VOLTage:RANGe', VOLT_RANGES),
      this.#levelCommand('CURR', ':SOURce[1]:CURRent[:LEVel][:IMMediate][:AMPLitude]'),
      this.#levelCommand('VOLT', ':SOURce[1]:VOLTage[:LEVel][:IMMediate][:AMPLitude]'),
    ];
  }

  #rangeCommand(quantity: 'VOLT' | 'CURR', header: string, ranges: readonly number[]): ScpiCommand {
    const most = (ranges.at(-1) ?? 0) * OVER_RANGE;
    return {
      header,
      set: (p) => {
        const wanted = Math.abs(p.number(-most, most));
        this.#settings.sourceRange[quantity] = smallestRange(ranges, wanted);
        this.#apply();
      },
      query: () => spoken(this.#settings.sourceRange[quantity]),
    };
  }

  #levelCommand(quantity: 'VOLT' | 'CURR', header: string): ScpiCommand {
    return {
      header,
      set: (p) => {
        const most = this.#settings.sourceRange[quantity] * OVER_RANGE;
        this.#settings.level[quantity] = p.number(-most, most);
        this.#apply();
      },
      query: () => spoken(this.#settings.level[quantity]),
    };
  }

  #senseCommands(): readonly ScpiCommand[] {
    return [
      flag('[:SENSe[1]]:FUNCtion:CONCurrent', () => this.#settings, 'isConcurrent'),
      {
        header: '[:SENSe[1]]:FUNCtion[:ON]',
        parametersMax: 2,
        set: (p) => this.#setSenseFunctions(p),
      },
      ...(['VOLT', 'CURR'] as const).flatMap((quantity) => this.#meterCommands(quantity)),
      { header: '[:SENSe[1]]:DATA[:LATest]', query: () => this.#latestText() },
      {
        header: ':FORMat:ELEMents[:SENSe[1]]',
        parametersMax: 5,
        set: (p) => {
          const elements: string[] = [];
          do elements.push(p.word('VOLTage', 'CURRent', 'RESistance', 'TIME', 'STATus'));
          while (p.hasMore);
          this.#settings.elements = elements;
        },
      },
    ];
  }

  #meterCommands(quantity: 'VOLT' | 'CURR'): readonly ScpiCommand[] {
    const [word, ranges] =
      quantity === 'VOLT' ? ['VOLTage', VOLT_RANGES] : ['CURRent', AMPERE_RANGES];
    const most = (ranges.at(-1) ?? 0) * OVER_RANGE;
    const header = `[:SENSe[1]]:${word}[:DC]`;
    return [
      {
        header: `${header}:PROTection[:LEVel]`,
        set: (p) => {
          this.#settings.protection[quantity] = Math.abs(p.number(-most, most));
          this.#apply();
        },
        query: () => spoken(this.#settings.protection[quantity]),
      },
      { header: `${header}:PROTection:TRIPped`, query: () => (this.output.isLimited ? '1' : '0') },
      {
        header: `${header}:RANGe[:UPPer]`,
        set: (p) => {
          this.#settings.senseRange[quantity] = smallestRange(
            ranges,
            Math.abs(p.number(-most, most)),
          );
          this.#settings.isAutoRange[quantity] = false;
        },
        query: () => spoken(this.#rangeInUse(quantity) * OVER_RANGE),
      },
      {
        header: `${header}:RANGe:AUTO`,
        set: (p) => {
          this.#settings.isAutoRange[quantity] = p.boolean();
        },
      },
      { header: `${header}:NPLCycles`, set: (p) => void p.number(0.01, 10) },
    ];
  }

  #triggerCommands(): readonly ScpiCommand[] {
    const sources = ['IMMediate', 'TLINk'];
    return [
      {
        header: ':ARM[:SEQuence[1]][:LAYer[1]]:COUNt',
        set: (p) => {
          this.#settings.armCount = p.integer(1, 2500);
        },
      },
      {
        header: ':ARM[:SEQuence[1]][:LAYer[1]]:SOURce',
        set: (p) => void p.word('IMMediate'),
      },
      {
        header: ':TRIGger[:SEQuence[1]]:COUNt',
        set: (p) => {
          this.#settings.triggerCount = p.integer(1, 2500);
        },
      },
      {
        header: ':TRIGger[:SEQuence[1]]:DELay',
        set: (p) => {
          this.#settings.triggerDelay = p.number(0, 999.9999);
        },
      },
      { header: ':TRIGger[:SEQuence[1]]:SOURce', set: (p) => void p.word(...sources.slice(0, 1)) },
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

  #reset(): void {
    this.#abort();
    this.#settings = settingsAfterReset();
    this.#latest = undefined;
    this.#zeroTime();
    this.output.switch(false);
    this.output.setOffMode('NORM');
    this.#apply();
  }

  #zeroTime(): void {
    this.#zeroSecond = this.#clock.nowSecond();
  }

  #refuseTrigger(): never {
    throw new ScpiFailure(-211);
  }

  #setFunction(wanted: 'VOLT' | 'CURR'): void {
    // Changing the source switches the output off.
    if (wanted !== this.#settings.function) this.output.switch(false);
    this.#settings.function = wanted;
    this.#apply();
  }

  #setSenseFunctions(parameters: Parameters): void {
    const functions = new Set<string>();
    do {
      const name = parameters.text().toUpperCase().replace(/:DC$/, '');
      const known = ['VOLT', 'VOLTAGE', 'CURR', 'CURRENT'].includes(name);
      if (!known) throw new ScpiFailure(-224);
      functions.add(name.slice(0, 4));
    } while (parameters.hasMore);
    this.#settings.senseFunctions = functions;
  }

  #setOffMode(parameters: Parameters): void {
    const mode = parameters.word('HIMPedance', 'NORMal', 'ZERO', 'GUARd');
    this.output.setOffMode(mode as 'HIMP' | 'NORM' | 'ZERO' | 'GUAR');
  }

  #switch(isOn: boolean): void {
    if (!isOn) this.#abort();
    this.output.switch(isOn);
  }

  #apply(): void {
    const { function: source, level, sourceRange, protection } = this.#settings;
    this.output.setCurrentRange(sourceRange.CURR);
    this.output.set({
      source: source === 'CURR' ? 'current' : 'voltage',
      level: level[source],
      range: sourceRange[source],
      limit: source === 'CURR' ? protection.VOLT : protection.CURR,
    });
  }

  /** A reading under way is given up; the output stays as it is. */
  #abort(): void {
    this.#run?.abort(new Error('aborted'));
    this.#run = undefined;
  }

  #initiate(): void {
    if (this.#run) throw new ScpiFailure(-213);
    const { isAutoOff } = this.#settings;
    if (!isAutoOff && !this.output.isOn) throw new ScpiFailure(803);
    const run = new AbortController();
    this.#run = run;
    void this.#measure(run);
  }

  async #measure(run: AbortController): Promise<void> {
    const { signal } = run;
    const { armCount, triggerCount, triggerDelay, isAutoOff, autoOffMode } = this.#settings;
    try {
      for (let at = 0; at < armCount * triggerCount; at += 1) {
        if (isAutoOff && !this.output.isOn) this.output.switch(true);
        await this.output.hold(triggerDelay + READING_SECOND, signal);
        this.#latest = this.#take();
        if (isAutoOff && autoOffMode === 'ALW') this.output.switch(false);
      }
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      throw error;
    }
    if (isAutoOff) this.output.switch(false);
    this.#run = undefined;
    this.#instrument.resume();
  }

  #take(): Taken {
    const { function: source, senseFunctions, isRemoteSense } = this.#settings;
    const ranges = { volt: this.#rangeInUse('VOLT'), ampere: this.#rangeInUse('CURR') };
    const metered = this.output.measure(ranges);
    const show = (value: number, range: number): number =>
      isAboveRange(value, range) ? OVERFLOW : value;
    const volt = show(metered.voltageVolt, ranges.volt);
    const ampere = show(metered.currentAmpere, ranges.ampere);
    const status =
      (volt === OVERFLOW || ampere === OVERFLOW ? STATUS.overflow : 0) +
      (metered.isLimited ? STATUS.compliance : 0) +
      (senseFunctions.has('VOLT') ? STATUS.voltsMeasured : 0) +
      (senseFunctions.has('CURR') ? STATUS.ampsMeasured : 0) +
      (source === 'VOLT' ? STATUS.voltSource : STATUS.currentSource) +
      (isRemoteSense ? STATUS.remoteSense : 0);
    const { level } = this.#settings;
    const elapsedSecond = (this.#clock.nowSecond() - this.#zeroSecond) * (1 + this.#clockError);
    return {
      // What is not measured is shown as it is sourced, or not at all (17-4).
      VOLT: senseFunctions.has('VOLT') ? volt : source === 'VOLT' ? level.VOLT : NOT_A_NUMBER,
      CURR: senseFunctions.has('CURR') ? ampere : source === 'CURR' ? level.CURR : NOT_A_NUMBER,
      TIME: Math.round(elapsedSecond * 1000) / 1000,
      STAT: status,
    };
  }

  #latestText(): string {
    const taken = this.#latest;
    if (!taken) throw new ScpiFailure(-230);
    const order = ['VOLT', 'CURR', 'RES', 'TIME', 'STAT'] as const;
    return order
      .filter((element) => this.#settings.elements.includes(element))
      .map((element) => spoken(element === 'RES' ? NOT_A_NUMBER : taken[element]))
      .join(',');
  }

  /** A quantity that is sourced is measured in the range of the source. */
  #rangeInUse(quantity: 'VOLT' | 'CURR'): number {
    const { function: source, sourceRange, isAutoRange, senseRange, protection } = this.#settings;
    if (source === quantity) return sourceRange[quantity];
    if (!isAutoRange[quantity]) return senseRange[quantity];
    const ranges = quantity === 'VOLT' ? VOLT_RANGES : AMPERE_RANGES;
    const highest = smallestRange(ranges, protection[quantity]);
    const value = quantity === 'VOLT' ? this.output.trueVolt : this.output.trueAmpere;
    return Math.min(highest, smallestRange(ranges, Math.abs(value)));
  }
}

/** As the instrument writes every number. */
function spoken(value: number): string {
  return exponential(value, { digits: 6, hasSign: true });
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
