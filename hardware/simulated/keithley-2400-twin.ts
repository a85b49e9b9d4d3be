import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { settingCommands } from './keithley-2400-commands.ts';
import { Keithley2400Meter } from './keithley-2400-meter.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import { ScpiInstrument } from './scpi-instrument.ts';
import { ScpiFailure } from './scpi-parameters.ts';
import { outputCommands } from './smu-commands.ts';
import type { SmuOutput } from './smu-output.ts';

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

/**
 * A simulated Keithley 2400 with the simulated cell at its terminals. It speaks the SCPI of the
 * 2400 on its end of a link, executes nothing but an abort while it measures, switches its output
 * off when its trigger count has expired if it was told to, and goes on when the host is gone.
 */
export class Keithley2400Twin {
  readonly output: SmuOutput;
  readonly #meter: Keithley2400Meter;
  readonly #identity: string;
  readonly #language: string | undefined;
  readonly #instrument: ScpiInstrument;
  #run: AbortController | undefined;

  constructor(options: Keithley2400TwinOptions) {
    const { link, clock, terminals, seed, clockError = 0, identity, baudRate } = options;
    this.#language = options.language;
    this.#identity = identity ?? IDENTITY;
    this.#meter = new Keithley2400Meter({ clock, terminals, seed, clockError });
    this.output = this.#meter.output;
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
      ...outputCommands(this.output, (isOn) => this.#switch(isOn)),
      ...settingCommands(this.#meter),
    ];
  }

  #languageCommands(): readonly ScpiCommand[] {
    const language = this.#language;
    return language === undefined ? [] : [{ header: '*LANG', query: () => language }];
  }

  #reset(): void {
    this.#abort();
    this.#meter.reset();
  }

  #refuseTrigger(): never {
    throw new ScpiFailure(-211);
  }

  #switch(isOn: boolean): void {
    if (!isOn) this.#abort();
    this.output.switch(isOn);
  }

  /** A reading under way is given up; the output stays as it is. */
  #abort(): void {
    this.#run?.abort(new Error('aborted'));
    this.#run = undefined;
  }

  #initiate(): void {
    if (this.#run) throw new ScpiFailure(-213);
    const { isAutoOff } = this.#meter.settings;
    if (!isAutoOff && !this.output.isOn) throw new ScpiFailure(803);
    const run = new AbortController();
    this.#run = run;
    void this.#measure(run);
  }

  async #measure(run: AbortController): Promise<void> {
    const { signal } = run;
    const { armCount, triggerCount, triggerDelay, isAutoOff, autoOffMode } = this.#meter.settings;
    try {
      for (let at = 0; at < armCount * triggerCount; at += 1) {
        if (isAutoOff && !this.output.isOn) this.output.switch(true);
        await this.output.hold(triggerDelay + READING_SECOND, signal);
        this.#meter.take();
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
}
