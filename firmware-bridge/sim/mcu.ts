import {
  AVRADC,
  AVRClock,
  AVRIOPort,
  AVRSPI,
  AVRTimer,
  AVRTWI,
  AVRUSART,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  clockConfig,
  PinState,
  portBConfig,
  portCConfig,
  portDConfig,
  spiConfig,
  timer0Config,
  timer1Config,
  twiConfig,
  usart0Config,
  watchdogConfig,
} from 'avr8js';
import { TwoWire, type TwoWireDevice } from './two-wire.ts';

/** Of the board's crystal. */
export const CLOCK_HERTZ = 16e6;
/** Of an ATmega328P. */
export const PROGRAM_BYTES = 32 * 1024;
const RAM_BYTES = 2048;
const RAM_START = 0x100;
/** What memory holds after power-on is anything; this shows what was never written. */
const UNWRITTEN = 0xa5;

/** Bits of MCUSR (data sheet 15.9.1). */
export const RESET_CAUSES = { powerOn: 1, external: 2, brownOut: 4, watchdog: 8 } as const;
export type ResetCause = keyof typeof RESET_CAUSES;

const MCUSR = 0x54;
const UCSR0A = 0xc0;
const UCSR0B = 0xc1;
const RECEIVER_ON = 0x10;
const PORTB = 0x25;
const DDRB = 0x24;
const TCCR1A = 0x80;
const COM1A1 = 0x80;
const ICR1 = 0x86;
const OCR1A = 0x88;
const HEATER_BIT = 1;

const SLEEP = 0x9588;
const SET_INTERRUPTS = 0x9478;
const RETURN_FROM_INTERRUPT = 0x9518;
/** Bytes on their way to the receiver; a host that floods loses the rest, and it is counted. */
const INCOMING_MAX = 64 * 1024;

/** What is wired to the microcontroller. It outlives resets, as real wiring does. */
export interface Wiring {
  /** Arduino number, whether it is driven high (or pulled up). */
  onPin?(pin: number, isHigh: boolean): void;
  /** A byte on the SPI bus; the answer comes on the other line at the same time. */
  onSpi?(byte: number): number;
  readonly twoWire?: TwoWireDevice;
  onByte?(byte: number): void;
}

/** Ways a processor stops working; the watchdog is hardware of its own and goes on. */
export type Freeze = 'mainLoop' | 'everything';

/**
 * An ATmega328P that runs a program instruction by instruction (avr8js), with its clock, timers,
 * ports, converters and buses. Time is its own: `run` lets so many cycles pass.
 */
export class Mcu {
  readonly #program: Uint16Array;
  readonly #wiring: Wiring;
  readonly #inputs = new Map<number, boolean>();
  readonly #analogVolt = new Map<number, number>();
  readonly #incoming: number[] = [];
  #parts: Parts;
  #cyclesBefore = 0;
  #isAsleep = false;
  #resetWanted = false;
  #freeze: Freeze | undefined;
  #lostBytes = 0;
  #resets = 0;

  constructor(program: Uint16Array, wiring: Wiring) {
    this.#program = program;
    this.#wiring = wiring;
    this.#parts = this.#assemble('powerOn');
  }

  /** Since power-on, whatever resets there were. */
  get cycles(): number {
    return this.#cyclesBefore + this.#parts.cpu.cycles;
  }

  get timeSecond(): number {
    return this.cycles / CLOCK_HERTZ;
  }

  /** Bytes that a host sent faster than they could be taken. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  get resets(): number {
    return this.#resets;
  }

  /** Share of time that the heater's pin is high, 0 to 1. */
  get heaterDuty(): number {
    const { data, dataView } = this.#parts.cpu;
    if (!((data[DDRB] ?? 0) & (1 << HEATER_BIT))) return 0;
    // Fast PWM with ICR1 as its top, not inverting (data sheet 20.9.3).
    if ((data[TCCR1A] ?? 0) & COM1A1) {
      return (dataView.getUint16(OCR1A, true) + 1) / (dataView.getUint16(ICR1, true) + 1);
    }
    return ((data[PORTB] ?? 0) >> HEATER_BIT) & 1;
  }

  /** The longest piece of memory that was never written: what the stack has left. */
  get unwrittenBytes(): number {
    let [longest, length] = [0, 0];
    for (const byte of this.#parts.cpu.data.subarray(RAM_START, RAM_START + RAM_BYTES)) {
      length = byte === UNWRITTEN ? length + 1 : 0;
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** A particle, or a surge, sets a register (data memory, by its address) to something else. */
  disturb(address: number, value: number): void {
    this.#parts.cpu.writeData(address, value);
  }

  /** True when the program drives the pin high. */
  isHigh(pin: number): boolean {
    const [port, bit] = this.#place(pin);
    return port.pinState(bit) === PinState.High;
  }

  /** What the world does to an input. */
  setInput(pin: number, isHigh: boolean): void {
    this.#inputs.set(pin, isHigh);
    const [port, bit] = this.#place(pin);
    port.setPin(bit, isHigh);
  }

  setAnalog(channel: number, voltageVolt: number): void {
    this.#analogVolt.set(channel, voltageVolt);
    this.#parts.adc.channelValues[channel] = voltageVolt;
  }

  /** Bytes of the host; they arrive one by one at the speed of the line. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#incoming.length < INCOMING_MAX) this.#incoming.push(byte);
      else this.#lostBytes += 1;
    }
    this.#deliver();
  }

  /** The receiver gets them all at once, faster than any program can read. */
  overrun(bytes: Uint8Array): void {
    for (const byte of bytes) this.#parts.usart.writeByte(byte, true);
  }

  freeze(how: Freeze): void {
    this.#freeze = how;
    this.#isAsleep = false;
  }

  /** Takes the power away, or pulls the reset line; the program begins again. */
  reset(cause: ResetCause): void {
    const { cpu } = this.#parts;
    const keepsRam = cause !== 'powerOn' && cause !== 'brownOut';
    this.#cyclesBefore += cpu.cycles;
    this.#resets += 1;
    this.#isAsleep = false;
    this.#resetWanted = false;
    this.#freeze = undefined;
    this.#incoming.length = 0;
    this.#parts = this.#assemble(cause);
    if (keepsRam) this.#parts.cpu.data.set(cpu.data.subarray(RAM_START), RAM_START);
  }

  run(cycles: number): void {
    const end = this.cycles + cycles;
    while (this.cycles < end) {
      const { cpu } = this.#parts;
      this.#runUntil(cpu, end - this.#cyclesBefore);
      if (this.#resetWanted) this.reset('watchdog');
    }
    this.#deliver();
  }

  /** Ends early when the watchdog bites. */
  #runUntil(cpu: CPU, endCycles: number): void {
    while (cpu.cycles < endCycles && !this.#resetWanted) {
      if (this.#freeze !== undefined) this.#runFrozen(cpu, endCycles);
      else if (this.#isAsleep) this.#sleepOn(cpu, endCycles);
      else this.#runAwake(cpu, endCycles);
    }
  }

  #runAwake(cpu: CPU, endCycles: number): void {
    const program = this.#program;
    const execute = avrInstruction;
    while (cpu.cycles < endCycles && !this.#resetWanted) {
      const opcode = program[cpu.pc];
      const next = cpu.pc + 1;
      execute(cpu);
      // The instruction after these is executed before any interrupt (data sheet 7.7): sei and
      // sleep belong together, and a program goes on, slowly, among interrupts without end.
      if (opcode === SET_INTERRUPTS || opcode === RETURN_FROM_INTERRUPT) continue;
      cpu.tick();
      if (opcode !== SLEEP) continue;
      // An interrupt that was waiting has begun instead.
      this.#isAsleep = cpu.pc === next && cpu.nextInterrupt < 0;
      return;
    }
  }

  #runFrozen(cpu: CPU, endCycles: number): void {
    // A stuck main loop stays at its instruction while interrupts come and go.
    if (this.#freeze === 'mainLoop' && isInInterrupt(cpu)) {
      avrInstruction(cpu);
      cpu.tick();
    } else passTime(cpu, endCycles);
  }

  /** Nothing happens before the next event of a peripheral. */
  #sleepOn(cpu: CPU, endCycles: number): void {
    const before = cpu.pc;
    passTime(cpu, endCycles);
    if (cpu.pc !== before || cpu.nextInterrupt >= 0) this.#isAsleep = false;
  }

  #deliver(): void {
    const { usart } = this.#parts;
    const [byte] = this.#incoming;
    if (byte === undefined || usart.rxBusy || !usart.rxEnable) return;
    if (usart.writeByte(byte) !== false) this.#incoming.shift();
  }

  #assemble(cause: ResetCause): Parts {
    const cpu = new CPU(this.#program, RAM_BYTES);
    cpu.data.fill(UNWRITTEN, RAM_START);
    cpu.data[MCUSR] = RESET_CAUSES[cause];
    // avr8js would go on with half-reset registers: the whole chip is made anew instead.
    cpu.reset = () => {
      this.#resetWanted = true;
    };
    const ports = {
      b: new AVRIOPort(cpu, portBConfig),
      c: new AVRIOPort(cpu, portCConfig),
      d: new AVRIOPort(cpu, portDConfig),
    };
    for (const config of [timer0Config, timer1Config]) new AVRTimer(cpu, config);
    const usart = new AVRUSART(cpu, usart0Config, CLOCK_HERTZ);
    usart.onByteTransmit = (byte) => this.#wiring.onByte?.(byte);
    usart.onRxComplete = () => this.#deliver();
    keepReceivedByte(cpu, usart);
    const adc = new AVRADC(cpu, adcConfig);
    adc.avcc = 5;
    const spi = new AVRSPI(cpu, spiConfig, CLOCK_HERTZ);
    spi.onByte = (byte) => {
      const answer = this.#wiring.onSpi?.(byte) ?? 0xff;
      cpu.addClockEvent(() => spi.completeTransfer(answer), spi.transferCycles);
    };
    const twi = new AVRTWI(cpu, twiConfig, CLOCK_HERTZ);
    if (this.#wiring.twoWire)
      twi.eventHandler = new TwoWire({
        cpu,
        twi,
        device: this.#wiring.twoWire,
        clockHertz: CLOCK_HERTZ,
      });
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, CLOCK_HERTZ, clockConfig));
    this.#listen(ports);
    for (const [channel, volt] of this.#analogVolt) adc.channelValues[channel] = volt;
    const parts = { cpu, ports, usart, adc };
    for (const [pin, isHigh] of this.#inputs) {
      const [port, bit] = placeOf(parts, pin);
      port.setPin(bit, isHigh);
    }
    return parts;
  }

  #listen(ports: Parts['ports']): void {
    const pins = [
      [ports.d, 0, 8],
      [ports.b, 8, 6],
      [ports.c, 14, 6],
    ] as const;
    for (const [port, first, count] of pins) {
      port.addListener((value, old) => {
        for (let bit = 0; bit < count; bit += 1) {
          const isHigh = Boolean((value >> bit) & 1);
          if (isHigh !== Boolean((old >> bit) & 1)) this.#wiring.onPin?.(first + bit, isHigh);
        }
      });
    }
  }

  #place(pin: number): readonly [AVRIOPort, number] {
    return placeOf(this.#parts, pin);
  }
}

interface Parts {
  readonly cpu: CPU;
  readonly ports: { readonly b: AVRIOPort; readonly c: AVRIOPort; readonly d: AVRIOPort };
  readonly usart: AVRUSART;
  readonly adc: AVRADC;
}

/** Arduino numbers: 0 to 7 port D, 8 to 13 port B, 14 to 19 port C. */
function placeOf({ ports }: Parts, pin: number): readonly [AVRIOPort, number] {
  if (pin < 8) return [ports.d, pin];
  if (pin < 14) return [ports.b, pin - 8];
  return [ports.c, pin - 14];
}

/**
 * avr8js forgets a byte that has come and was not read yet whenever UCSR0B is written, as it is to
 * send something; the real flag stays until the byte is read (data sheet 24.12.2).
 */
function keepReceivedByte(cpu: CPU, usart: AVRUSART): void {
  const write = cpu.writeHooks[UCSR0B];
  const { RXC } = usart as unknown as { RXC: Parameters<CPU['setInterruptFlag']>[0] };
  cpu.writeHooks[UCSR0B] = (value, oldValue, address, mask) => {
    const isWaiting = Boolean((cpu.data[UCSR0A] ?? 0) & RXC.flagMask);
    const isDone = write?.(value, oldValue, address, mask) ?? false;
    if (isWaiting && value & RECEIVER_ON) cpu.setInterruptFlag(RXC);
    return isDone;
  };
}

/** Interrupts run with the flag in SREG cleared. */
function isInInterrupt(cpu: CPU): boolean {
  return !cpu.interruptsEnabled;
}

/** To the next event of a peripheral, or to the end. */
function passTime(cpu: CPU, endCycles: number): void {
  // avr8js keeps its queue of events to itself, and has no way to ask when the next one is due.
  const { nextClockEvent } = cpu as unknown as { nextClockEvent: { cycles: number } | null };
  const next = Math.min(endCycles, nextClockEvent?.cycles ?? endCycles);
  cpu.cycles = Math.max(cpu.cycles + 1, next);
  cpu.tick();
}
