import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { settingCommands, takeBuffer } from './keithley-2450-commands.ts';
import { Keithley2450Meter } from './keithley-2450-meter.ts';
import { triggerBlockCommands } from './keithley-2450-trigger-commands.ts';
import { TriggerModel } from './keithley-2450-trigger-model.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import { ScpiInstrument } from './scpi-instrument.ts';
import { type Parameters, ScpiFailure } from './scpi-parameters.ts';
import { outputCommands } from './smu-commands.ts';
import type { SmuOutput } from './smu-output.ts';

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

const ERRORS_MAX = 1000;
/** Commands that change what the trigger model works with, refused while it runs. */
const REFUSED_WHILE_RUNNING = /^:(SOUR|VOLT|CURR|FUNC|TRIG:BLOC|TRIG:LOAD|TRAC:POIN|OUTP:SMOD)/;

/**
 * A simulated Keithley 2450 with the simulated cell at its terminals. It speaks SCPI on its end
 * of a link and runs its trigger model with or without a host.
 */
export class Keithley2450Twin {
  readonly output: SmuOutput;
  readonly #meter: Keithley2450Meter;
  readonly #language: 'SCPI' | 'TSP';
  readonly #instrument: ScpiInstrument;
  readonly #model: TriggerModel;
  #notified = 0;

  constructor(options: Keithley2450TwinOptions) {
    const { link, clock, terminals, seed, clockError = 0, language } = options;
    this.#language = language ?? 'SCPI';
    this.#meter = new Keithley2450Meter({ clock, terminals, seed, clockError });
    this.output = this.#meter.output;
    this.#model = new TriggerModel({
      clear: () => this.#meter.clear(),
      setOutput: (isOn) => this.output.switch(isOn),
      measure: (signal) => this.#meter.measure(signal),
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
    return this.#meter.buffered;
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
      ...outputCommands(this.output, (isOn) => this.#switch(isOn)),
      ...settingCommands(this.#meter),
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
    this.#meter.reset();
  }

  /** Off by command while the trigger model runs: it goes on, and reads an open circuit. */
  #switch(isOn: boolean): void {
    if (!isOn) this.#model.abort();
    this.output.switch(isOn);
  }
}
