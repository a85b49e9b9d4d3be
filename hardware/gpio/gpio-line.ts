import type { Fault } from '../../src/domain/fault.ts';
import type { Pulse, PulseOutput } from '../detectors/detector-trigger.ts';

/** Level of a pin at the header: 0 V or 3.3 V. */
export type Level = 0 | 1;

/** Hears what an input reads: at once, at every edge, and every second whatever happens. */
export interface GpioListener {
  /** @param timeSecond when it was read, on the rig's clock */
  onLevel(level: Level, timeSecond: number): void;
  /** It could not be read just now; it is tried again. */
  onUnreadable(fault: Fault): void;
}

/** A pin that is watched until it is closed. */
export interface GpioInput {
  readonly bcm: number;
  /** Gives the pin back to the kernel. Idempotent. */
  close(): Promise<void>;
}

/** A pin that is low but for its pulses. */
export interface GpioOutput extends PulseOutput {
  readonly bcm: number;
  /**
   * High for `widthSecond`, then low; the next pulse may be asked for when it has resolved.
   * @throws Fault instrumentLost when it is closed, instrumentReply or timeout when it fails;
   *   interrupted when it was closed meanwhile
   */
  pulse(widthSecond: number): Promise<Pulse>;
  /** Low, and given back to the kernel. Idempotent. */
  close(): Promise<void>;
}

/**
 * A way to the pins of the computer's own header, by BCM number. Not for anything safety depends
 * on: the kernel keeps or drops a level when a process dies as it likes.
 */
export interface GpioAdapter {
  readonly name: 'onoff' | 'libgpiod';
  /**
   * Resolves when the first level was heard.
   * @throws Fault instrumentMissing when the pin, or the right to use it, is missing
   */
  openInput(bcm: number, listener: GpioListener): Promise<GpioInput>;
  /** Drives the pin low. @throws Fault as `openInput` */
  openOutput(bcm: number): Promise<GpioOutput>;
}

/** Longest pulse: whoever wants more wants a level, and that is not for these pins. */
export const PULSE_WIDTH_SECOND_MAX = 1;
/** Shortest pulse: below, the scheduling of an ordinary Linux is all of its width. */
export const PULSE_WIDTH_SECOND_MIN = 1e-3;

/** A contact that opened between two edges that were lost is seen after this time. */
export const POLL_SECOND = 1;
