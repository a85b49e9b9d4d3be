/** What charging, discharging and resting a cell says about it: values, never opinions. */

/** A number worked out from a run, with what is known about how well. */
export interface Estimate {
  readonly value: number;
  /** One standard error; null when a single value leaves nothing to estimate it from. */
  readonly standardError: number | null;
  /** How many values it was worked out from. */
  readonly count: number;
}

/** The current was switched: what the voltage did between two readings. */
export interface CurrentSwitch {
  /** Of the last reading before the switch. */
  readonly timeSecond: number;
  /** From there to the first reading after it: what a drop read so late contains. */
  readonly sampleDelaySecond: number;
  readonly beforeAmpere: number;
  readonly afterAmpere: number;
  /** Voltage before minus the first voltage after, V. */
  readonly dropVolt: number;
  /** The same with what diffusion did since the switch taken out; null without enough readings. */
  readonly instantDropVolt: number | null;
  /** Of `instantDropVolt` where there is one, else of `dropVolt`; ohm. */
  readonly resistanceOhm: number;
}

/** One pulse of a galvanostatic intermittent titration with the rests around it. */
export interface TitrationPulse {
  readonly startSecond: number;
  readonly pulseSecond: number;
  readonly restSecond: number;
  readonly currentAmpere: number;
  readonly chargeCoulomb: number;
  /** At the end of the rest before it. */
  readonly restVolt: number;
  /** ΔE_s: from rest end to rest end, V. */
  readonly steadyVolt: number;
  /** ΔE_t: over the pulse without the ohmic drop, V. */
  readonly transientVolt: number;
  /** dE/d√t at the beginning of the pulse, V/√s. */
  readonly slopeVoltPerRootSecond: number;
  /** When the current was switched off. */
  readonly interruption: CurrentSwitch;
  /** Absent when the geometry of the cell is not known. */
  readonly diffusivity?: PulseDiffusivity;
}

/** One pulse's diffusion coefficient in m²/s, by each reading of Weppner and Huggins (1977). */
export interface PulseDiffusivity {
  /**
   * From the rise over √t at the beginning of the pulse, with the curvature of the equilibrium
   * curve taken out where there are rests enough: holds for times much shorter than L²/D.
   */
  readonly fromSlope: number;
  /** Eq. 1 with τ the length of the pulse, as derived. */
  readonly tauPulse: number;
  /** Eq. 1 with τ the length of the rest, as some papers define it: smaller by pulse over rest. */
  readonly tauRest: number;
}

/** Charge that went one way, through all steps until it went the other way. */
export interface HalfCycle {
  readonly direction: 'charge' | 'discharge';
  readonly startSecond: number;
  readonly stopSecond: number;
  /** Size of the charge passed. */
  readonly chargeCoulomb: number;
  /** Charge-weighted; null without readings. */
  readonly meanVolt: number | null;
  /** Names of the steps it passed in. */
  readonly steps: readonly string[];
}

/** Two half cycles, in the order that the cell's efficiency convention says. */
export interface Cycle {
  /** From 1. */
  readonly number: number;
  readonly charge: HalfCycle;
  readonly discharge: HalfCycle;
  readonly coulombicEfficiency: number;
  /** Mean charge voltage minus mean discharge voltage; null without readings. */
  readonly hysteresisVolt: number | null;
  /** Of the discharge, against that of the reference cycle. */
  readonly retention: number;
}

/** A peak of a voltammogram. */
export interface VoltammogramPeak {
  readonly direction: 'oxidation' | 'reduction';
  readonly voltageVolt: number;
  readonly currentAmpere: number;
  /** From 1. */
  readonly sweep: number;
}
