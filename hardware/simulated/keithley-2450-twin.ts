import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { keithleyCapability } from '../potentiostats/keithley-models.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import {
  BUFFER_READINGS_MAX,
  type Quantity,
  RANGES,
  SOURCE_AMPERE,
  SOURCE_VOLT,
  settingsAfterReset,
  WORDS,
} from './keithley-2450-settings.ts';
import { triggerBlockCommands } from './keithley-2450-trigger-commands.ts';
import { TriggerModel } from './keithley-2450-trigger-model.ts';
import { exponential, isAboveRange, OVER_RANGE, smallestRange } from './keithley-numbers.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import { ScpiInstrument } from './scpi-instrument.ts';
import { type Parameters, ScpiFailure } from './scpi-parameters.ts';
import { type OutputOffMode, SmuOutput } from './smu-output.ts';

export interface Keithley2450TwinOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
  /** How much its clock runs fast, relative. */
  readonly clockError?: number;
  /** Its reply to `*LANG?`: in another language than SCPI it answers nothing else. */
  readonly language?: 'SCPI' | 'TSP';
}

const IDENTITY = `KEITHLEY INSTRUMENTS,MODEL 2450,${SIMULATED_MARK}04415918,1.7.12b`;

/** One quantity with its zero at one cycle of the power line. */
const READING_SECOND = 0.06;
const ERRORS_MAX = 1000;
const BUFFER = 'defbuffer1';
/** Elements of a reading that one question may ask for. */
const ELEMENTS_MAX = 14;

/** Status of the source of a reading, 2450 manual 8-29. */
const SOURCE_STATUS = { readBack: 8, limit: 32, sense: 64, output: 128 } as const;
const OVERFLOW = 9.9e37;

interface Taken {
  readonly SOUR: number;
  readonly READ: number;
  readonly SEC: number;
  readonly FRAC: number;
  readonly SOURSTAT: number;
}

/** Commands that change what the trigger model works with, refused while it runs. */
const REFUSED_WHILE_RUNNING = /^:(SOUR|VOLT|CURR|FUNC|TRIG:BLOC|TRIG:LOAD|TRAC:POIN|OUTP:SMOD)/;

/**
 * A simulated Keithley 2450 with the simulated cell at its terminals. It speaks SCPI on its end
 * of a link and runs its trigger model with or without a host.
 */
export class Keithley2450Twin {
  readonly output: SmuOutput;
  readonly #clock: Clock;
  readonly #clockError: number;
  readonly #language: 'SCPI' | 'TSP';
  readonly #instrument: ScpiInstrument;
  readonly #model: TriggerModel;
  #settings = settingsAfterReset();
  #buffer: Taken[] = [];
  #notified = 0;

  constructor({ link, clock, terminals, seed, clockError, language }: Keithley2450TwinOptions) {
    this.#clock = clock;
    this.#clockError = clockError ?? 0;
    this.#language = language ?? 'SCPI';
    const { voltageVolt, currentAmpere } = keithleyCapability('2450').accuracy;
    this.output = new SmuOutput({
      terminals,
      clock,
      seed: deriveSeed(seed, 'keithley 2450 errors'),
      accuracy: {
        sourceVolt: SOURCE_VOLT,
        sourceAmpere: SOURCE_AMPERE,
        measureVolt: voltageVolt,
        measureAmpere: currentAmpere,
      },
    });
    this.#model = new TriggerModel({
      clear: () => {
        this.#buffer = [];
      },
      setOutput: (isOn) => this.output.switch(isOn),
      measure: (signal) => this.#measure(signal),
      notify: () => {
        this.#notified += 1;
      },
      pause: (seconds, signal) => this.output.hold(seconds, signal),
    });
    const commands = this.#language === 'SCPI' ? this.#commands() : [];
    this.#instrument = new ScpiInstrument(link, {
      commands: [...this.#identityCommands(), ...commands.map((one) => this.#guarded(one))],
      errorsMax: ERRORS_MAX,
      isHeldBack: () => false,
    });
  }

  /** Errors in its queue. */
  get errors(): readonly number[] {
    return this.#instrument.errors;
  }

  /** Pulses it has given on its trigger line. */
  get notified(): number {
    return this.#notified;
  }

  /** Readings in its buffer. */
  get buffered(): number {
    return this.#buffer.length;
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
    this.#model.abort();
    this.output.powerOff();
    await this.#instrument.stop();
  }

  /** Somebody presses the OUTPUT key of its front while the output is on. */
  pressOutputKey(): void {
    this.#model.abort();
    this.output.switch(false);
  }

  #identityCommands(): readonly ScpiCommand[] {
    return [
      { header: '*IDN', query: () => IDENTITY },
      { header: '*LANG', query: () => this.#language },
    ];
  }

  #commands(): readonly ScpiCommand[] {
    return [
      { header: '*RST', set: () => this.#reset() },
      { header: '*TRG', set: () => this.#model.command() },
      { header: ':ABORt', set: () => this.#model.abort() },
      { header: ':INITiate[:IMMediate]', set: () => this.#model.initiate() },
      { header: ':FORMat:ASCii:PRECision', set: (p) => void p.integer(0, 16) },
      {
        header: ':OUTPut[1][:STATe]',
        set: (p) => this.#switch(p.boolean()),
        query: () => (this.output.isOn ? '1' : '0'),
      },
      { header: ':OUTPut[1]:SMODe', set: (p) => this.#setOffMode(p) },
      ...(['VOLT', 'CURR'] as const).flatMap((quantity) => [
        ...this.#sourceCommands(quantity),
        ...this.#senseCommands(quantity),
      ]),
      {
        header: ':SOURce[1]:FUNCtion[:MODE]',
        set: (p) => this.#setFunction(p.word('VOLTage', 'CURRent') as Quantity),
        query: () => this.#settings.function,
      },
      { header: '[:SENSe[1]]:FUNCtion[:ON]', set: (p) => this.#setMeasured(p) },
      ...this.#bufferCommands(),
      ...this.#triggerCommands(),
    ];
  }

  /** Settings stay as they are while the trigger model works with them. */
  #guarded(command: ScpiCommand): ScpiCommand {
    const { header, set } = command;
    const plain = header.replace(/\[[^\]]*\]+/g, '').replace(/[a-z]/g, '');
    if (!set || !REFUSED_WHILE_RUNNING.test(plain)) return command;
    return {
      ...command,
      set: (parameters, n) => {
        if (this.#model.isRunning) throw new ScpiFailure(-221);
        set(parameters, n);
      },
    };
  }

  #sourceCommands(quantity: Quantity): readonly ScpiCommand[] {
    const header = `:SOURce[1]:${WORDS[quantity]}`;
    const other = quantity === 'VOLT' ? 'CURR' : 'VOLT';
    const [limitWord, most] = quantity === 'CURR' ? ['VLIMit', 210] : ['ILIMit', 1.05];
    const least = quantity === 'CURR' ? 0.02 : 1e-9;
    return [
      {
        header: `${header}:RANGe`,
        set: (p) => {
          const wanted = Math.abs(p.number(-210, 210));
          this.#settings.sourceRange[quantity] = smallestRange(RANGES[quantity], wanted);
          this.#apply();
        },
        query: () => spoken(this.#settings.sourceRange[quantity]),
      },
      {
        header: `${header}[:LEVel][:IMMediate][:AMPLitude]`,
        set: (p) => {
          const high = this.#settings.sourceRange[quantity] * OVER_RANGE;
          this.#settings.level[quantity] = p.number(-high, high);
          this.#apply();
        },
        query: () => spoken(this.#settings.level[quantity]),
      },
      {
        header: `${header}:${limitWord}[:LEVel]`,
        set: (p) => {
          this.#settings.limit[other] = p.number(least, most);
          this.#apply();
        },
        query: () => spoken(this.#settings.limit[other]),
      },
      {
        header: `${header}:READ:BACK`,
        set: (p) => {
          this.#settings.readsBack[quantity] = p.boolean();
        },
      },
    ];
  }

  #senseCommands(quantity: Quantity): readonly ScpiCommand[] {
    const header = `[:SENSe[1]]:${WORDS[quantity]}[:DC]`;
    return [
      {
        header: `${header}:RANGe[:UPPer]`,
        set: (p) => {
          const wanted = Math.abs(p.number(-210, 210));
          this.#settings.senseRange[quantity] = smallestRange(RANGES[quantity], wanted);
          this.#settings.isAutoRange[quantity] = false;
        },
        query: () => spoken(this.#rangeInUse(quantity)),
      },
      {
        header: `${header}:RANGe:AUTO`,
        set: (p) => {
          this.#settings.isAutoRange[quantity] = p.boolean();
        },
      },
      {
        header: `${header}:RSENse`,
        set: (p) => {
          this.#settings.isRemoteSense[quantity] = p.boolean();
        },
      },
      { header: `${header}:NPLCycles`, set: (p) => void p.number(0.01, 10) },
    ];
  }

  #bufferCommands(): readonly ScpiCommand[] {
    return [
      {
        header: ':TRACe:POINts',
        parametersMax: 2,
        set: (p) => {
          const size = p.integer(10, BUFFER_READINGS_MAX);
          takeBuffer(p);
          this.#settings.bufferSize = size;
          this.#buffer = [];
        },
      },
      {
        header: ':TRACe:FILL:MODE',
        parametersMax: 2,
        set: (p) => {
          const mode = p.word('CONTinuous', 'ONCE');
          takeBuffer(p);
          this.#settings.isContinuous = mode === 'CONT';
        },
      },
      {
        header: ':TRACe:CLEar',
        set: (p) => {
          takeBuffer(p);
          this.#buffer = [];
        },
      },
      {
        header: ':TRACe:ACTual',
        query: (p) => {
          takeBuffer(p);
          return String(this.#buffer.length);
        },
      },
      { header: ':TRACe:DATA', parametersMax: ELEMENTS_MAX + 3, query: (p) => this.#bufferText(p) },
    ];
  }

  #triggerCommands(): readonly ScpiCommand[] {
    const model = this.#model;
    return [
      {
        header: ':TRIGger:LOAD',
        set: (p) => {
          if (p.text().toUpperCase() !== 'EMPTY') throw new ScpiFailure(-224);
          model.load();
        },
      },
      { header: ':TRIGger:STATe', query: () => model.stateText },
      ...triggerBlockCommands(model, takeBuffer),
      { header: ':DIGital:LINE<n>:MODE', parametersMax: 2, set: (p, n) => this.#setLine(p, n) },
      {
        header: ':TRIGger:DIGital<n>:OUT:STIMulus',
        set: (p, n) => {
          if (n < 1 || n > 6) throw new ScpiFailure(-222);
          p.word('NOTify1', 'NONE');
        },
      },
    ];
  }

  #setLine(parameters: Parameters, line: number): void {
    if (line < 1 || line > 6) throw new ScpiFailure(-222);
    parameters.word('TRIGger', 'DIGital');
    parameters.word('IN', 'OUT');
  }

  #reset(): void {
    this.#model.abort();
    this.#model.load();
    this.#settings = settingsAfterReset();
    this.#buffer = [];
    this.output.switch(false);
    this.output.setOffMode('NORM');
    this.#apply();
  }

  #setFunction(wanted: Quantity): void {
    if (wanted !== this.#settings.function) this.output.switch(false);
    this.#settings.function = wanted;
    this.#apply();
  }

  #setMeasured(parameters: Parameters): void {
    const name = parameters.text().toUpperCase().replace(/:DC$/, '');
    if (!['VOLT', 'VOLTAGE', 'CURR', 'CURRENT'].includes(name)) throw new ScpiFailure(-224);
    this.#settings.measured = name.slice(0, 4) as Quantity;
  }

  #setOffMode(parameters: Parameters): void {
    const mode = parameters.word('HIMPedance', 'NORMal', 'ZERO', 'GUARd');
    this.output.setOffMode(mode as OutputOffMode);
  }

  /** Off by command while the trigger model runs: it goes on, and reads an open circuit. */
  #switch(isOn: boolean): void {
    if (!isOn) this.#model.abort();
    this.output.switch(isOn);
  }

  #apply(): void {
    const { function: source, level, sourceRange, limit, senseRange } = this.#settings;
    this.output.setCurrentRange(source === 'CURR' ? sourceRange.CURR : senseRange.CURR);
    this.output.set({
      source: source === 'CURR' ? 'current' : 'voltage',
      level: level[source],
      range: sourceRange[source],
      limit: source === 'CURR' ? limit.VOLT : limit.CURR,
    });
  }

  async #measure(signal: AbortSignal): Promise<number> {
    await this.output.hold(READING_SECOND, signal);
    const taken = this.#take();
    const { bufferSize, isContinuous } = this.#settings;
    if (this.#buffer.length >= bufferSize && isContinuous) this.#buffer.shift();
    if (this.#buffer.length < bufferSize) this.#buffer.push(taken);
    return taken.READ;
  }

  #take(): Taken {
    const { function: source, measured, level, readsBack, isRemoteSense } = this.#settings;
    const range = { VOLT: this.#rangeInUse('VOLT'), CURR: this.#rangeInUse('CURR') };
    const metered = this.output.measure({ volt: range.VOLT, ampere: range.CURR });
    const shown = { VOLT: metered.voltageVolt, CURR: metered.currentAmpere };
    const value = shown[measured];
    const isOver = isAboveRange(value, range[measured]);
    const utcSecond = this.#clock.utcMs() / 1000 + this.#clock.nowSecond() * this.#clockError;
    return {
      SOUR: readsBack[source] ? shown[source] : level[source],
      READ: isOver ? OVERFLOW : value,
      SEC: Math.floor(utcSecond),
      FRAC: utcSecond - Math.floor(utcSecond),
      SOURSTAT:
        (readsBack[source] ? SOURCE_STATUS.readBack : 0) +
        (metered.isLimited ? SOURCE_STATUS.limit : 0) +
        (isRemoteSense[measured] ? SOURCE_STATUS.sense : 0) +
        (this.output.isOn ? SOURCE_STATUS.output : 0),
    };
  }

  #bufferText(parameters: Parameters): string {
    const first = parameters.integer(1, BUFFER_READINGS_MAX);
    const last = parameters.integer(1, BUFFER_READINGS_MAX);
    takeBuffer(parameters);
    const elements: (keyof Taken)[] = [];
    while (parameters.hasMore) {
      const word = parameters.word('SOURce', 'READing', 'SEConds', 'FRACtional', 'SOURSTATus');
      elements.push(word as keyof Taken);
    }
    const chosen = this.#buffer.slice(first - 1, last);
    if (last < first || chosen.length !== last - first + 1) throw new ScpiFailure(-222);
    return chosen
      .flatMap((taken) => elements.map((element) => spokenElement(element, taken[element])))
      .join(',');
  }

  #rangeInUse(quantity: Quantity): number {
    const { function: source, sourceRange, isAutoRange, senseRange, limit } = this.#settings;
    if (source === quantity) return sourceRange[quantity];
    if (!isAutoRange[quantity]) return senseRange[quantity];
    const highest = smallestRange(RANGES[quantity], limit[quantity]);
    const value = quantity === 'VOLT' ? this.output.trueVolt : this.output.trueAmpere;
    return Math.min(highest, smallestRange(RANGES[quantity], Math.abs(value)));
  }
}

/** The one buffer there is. @throws ScpiFailure */
function takeBuffer(parameters: Parameters): void {
  if (parameters.text() !== BUFFER) throw new ScpiFailure(-224);
}

/** 16 digits, as `:FORM:ASC:PREC 16` asks for. */
function spoken(value: number): string {
  return exponential(value, { digits: 15, hasSign: false });
}

/** Seconds and bits are whole numbers. */
function spokenElement(element: keyof Taken, value: number): string {
  return element === 'SEC' || element === 'SOURSTAT' ? String(value) : spoken(value);
}
