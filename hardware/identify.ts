import type { Provenance } from '../src/domain/instrument.ts';
import { FIRMATA_IDENTIFICATION } from './firmata-identification.ts';
import type { Asking, FoundInstrument, Identification } from './identification.ts';
import { type LinkOptions, openableLink } from './link-options.ts';
import { KEITHLEY_IDENTIFICATION } from './potentiostats/keithley-identification.ts';
import { METHODSCRIPT_IDENTIFICATION } from './potentiostats/methodscript-identification.ts';
import { RODEOSTAT_IDENTIFICATION } from './potentiostats/rodeostat-identification.ts';
import { provenanceAfter } from './potentiostats/simulated-mark.ts';

/**
 * In the order of asking: a question in plain text first, which the others refuse as an unknown
 * command; bytes that are no text last, because they would spoil the line after them.
 */
const IDENTIFICATIONS: readonly Identification[] = [
  KEITHLEY_IDENTIFICATION,
  METHODSCRIPT_IDENTIFICATION,
  RODEOSTAT_IDENTIFICATION,
  FIRMATA_IDENTIFICATION,
];

const SIMULATED_REMARK =
  'it is simulated, as its number or its firmware says: what it tells is no measurement, and a run with it is marked so';

/** What was found at a port, and what was asked on the way. */
export interface PortFinding {
  readonly found: FoundInstrument | undefined;
  readonly protocol: string | undefined;
  /** Whether it says of itself that it is simulated; undefined when nobody answered. */
  readonly provenance: Provenance | undefined;
  /** Of a serial port. */
  readonly baudRate: number | undefined;
  /** "MethodSCRIPT at 230400 Bd": every question that was not answered. */
  readonly unanswered: readonly string[];
}

/**
 * Asks at a port, politely, in every known language, who is there.
 * @param place a serial path (with a speed where only that one is to be tried) or an address
 * @throws Fault instrumentMissing or instrumentLost when the port cannot be opened
 */
export async function identifyPort(
  place: LinkOptions,
  { clock, signal }: Pick<Asking, 'clock' | 'signal'>,
  identifications: readonly Identification[] = IDENTIFICATIONS,
): Promise<PortFinding> {
  const unanswered: string[] = [];
  for (const one of identifications) {
    for (const baudRate of baudRatesOf(place, one)) {
      const link = openableLink(place, { clock, baudRate, instrument: one.protocol });
      const found = await one.identify({ link, clock, signal });
      const isSerial = place.serial !== undefined;
      if (found) {
        const { protocol } = one;
        const provenance = provenanceOf(found);
        return {
          found: provenance === 'simulated' ? labelled(found) : found,
          protocol,
          provenance,
          baudRate: isSerial ? baudRate : undefined,
          unanswered,
        };
      }
      unanswered.push(isSerial ? `${one.protocol} at ${baudRate} Bd` : one.protocol);
    }
  }
  return {
    found: undefined,
    protocol: undefined,
    provenance: undefined,
    baudRate: undefined,
    unanswered,
  };
}

/** By the mark in its number, or in its firmware where its number is all digits. */
function provenanceOf({ serialNumber, firmware }: FoundInstrument): Provenance {
  return provenanceAfter(firmware, provenanceAfter(serialNumber, 'measured'));
}

/** Nobody may take it for an instrument on the bench. */
function labelled(found: FoundInstrument): FoundInstrument {
  return { ...found, remarks: [SIMULATED_REMARK, ...found.remarks] };
}

function baudRatesOf(place: LinkOptions, { baudRates }: Identification): readonly number[] {
  if (place.serial === undefined) return baudRates.slice(0, 1);
  return place.baudRate === undefined ? baudRates : [place.baudRate];
}
