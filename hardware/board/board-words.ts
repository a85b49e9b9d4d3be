import { TRIPS, type TripName } from '../../firmware-bridge/board-protocol.ts';

/** Why the board has switched off, as the end of a sentence, and what a person looks at. */
const WORDS: Readonly<Record<TripName, { readonly why: string; readonly look: string }>> = {
  none: { why: 'for no reason', look: 'load its firmware anew' },
  powerOn: { why: 'because its power came on', look: 'nothing is wrong' },
  brownOut: { why: 'because its supply sagged', look: 'look at its supply and at what it feeds' },
  watchdog: {
    why: 'because its program hung and was restarted by its watchdog',
    look: 'look at its supply and wiring for interference',
  },
  externalReset: {
    why: 'because it was reset from outside',
    look: 'see that opening its port does not reset it (docs/wiring.md)',
  },
  hostSilent: {
    why: 'because this computer fell silent',
    look: 'find out what stopped this computer or its cable',
  },
  settingsDiffer: {
    why: 'because what it was told and what this computer meant differ',
    look: 'look at its cable',
  },
  temperatureHigh: {
    why: 'because the cell temperature was above its limit',
    look: 'let the cell cool and look at the heater',
  },
  temperatureLow: {
    why: 'because the cell temperature was below its limit',
    look: 'look at the thermometer and at the cooling',
  },
  thermometerFailed: {
    why: 'because the cell thermometer is open, short or silent',
    look: 'look at the cell thermometer and its leads',
  },
  thermocoupleHigh: {
    why: 'because the oven temperature was above its limit',
    look: 'let the oven cool and look at the heater',
  },
  thermocoupleLow: {
    why: 'because the oven temperature was below its limit',
    look: 'look at the thermocouple: its leads may be exchanged',
  },
  thermocoupleFailed: {
    why: 'because the thermocouple is open, short or silent',
    look: 'look at the thermocouple and its leads',
  },
  forceHigh: {
    why: 'because the stack pressure was above its limit',
    look: 'take load off the stack',
  },
  forceFailed: {
    why: 'because the load cell is open, short or silent',
    look: 'look at the load cell and its amplifier',
  },
  pressureHigh: {
    why: 'because the gas pressure was above its limit',
    look: 'vent the chamber and find the source',
  },
  pressureFailed: {
    why: 'because the pressure transducer is open, short or silent',
    look: 'look at the transducer and its leads',
  },
  emergencyStop: {
    why: 'because the emergency stop is pressed or its loop is open',
    look: 'see why it was pressed, then release it',
  },
  door: { why: 'because the door is open', look: 'close the door' },
  gas: {
    why: 'because the gas alarm has opened its contact',
    look: 'follow the gas alarm before anything else',
  },
};

/** The name of a trip's number; undefined for a number that this version does not know. */
export function tripName(code: number): TripName | undefined {
  return (Object.keys(TRIPS) as TripName[]).find((name) => TRIPS[name] === code);
}

/** "because the door is open". */
export function tripReason(code: number): string {
  const name = tripName(code);
  return name ? WORDS[name].why : `for reason ${code}, which this version does not know`;
}

/** What a person does before the trip is cleared. */
export function tripRemedy(code: number): string {
  const name = tripName(code);
  return name ? WORDS[name].look : 'load firmware and software of one version';
}
