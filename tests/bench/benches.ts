import type { Bench } from './bench.ts';
import { FIRMWARE_BENCH } from './firmware.ts';
import { FULL_SCAN_BENCH } from './full-scan.ts';
import { IMPEDANCE_BENCH } from './impedance.ts';
import { TOMOGRAPHY_BENCH } from './tomography.ts';
import { WIRE_BENCH } from './wire.ts';

/** Every subject of `npm run bench`. */
export const BENCHES: readonly Bench[] = [
  IMPEDANCE_BENCH,
  TOMOGRAPHY_BENCH,
  FULL_SCAN_BENCH,
  FIRMWARE_BENCH,
  WIRE_BENCH,
];
