import { AXIS_CAMPAIGN } from './axis.ts';
import { BOARD_FUZZ_CAMPAIGN } from './board-fuzz.ts';
import { BOARD_KILL_CAMPAIGN } from './board-kill.ts';
import type { Campaign } from './campaign.ts';
import {
  FALSE_ALARMS_CAMPAIGN,
  FAULTS_CAMPAIGN,
  HAZARDS_CAMPAIGN,
  KILL_CAMPAIGN,
  THIRTY_DAYS_CAMPAIGN,
} from './experiment.ts';
import { HANG_UPS_CAMPAIGN } from './hang-ups.ts';
import { TOMOGRAPHY_KILL_CAMPAIGN } from './tomography-kill.ts';
import { VOLUME_CHANGE_CAMPAIGN } from './volume-change.ts';
import { WIRE_FUZZ_CAMPAIGN } from './wire-fuzz.ts';

/** Every subject of `npm run campaign`. */
export const CAMPAIGNS: readonly Campaign[] = [
  AXIS_CAMPAIGN,
  TOMOGRAPHY_KILL_CAMPAIGN,
  VOLUME_CHANGE_CAMPAIGN,
  FALSE_ALARMS_CAMPAIGN,
  FAULTS_CAMPAIGN,
  HAZARDS_CAMPAIGN,
  KILL_CAMPAIGN,
  THIRTY_DAYS_CAMPAIGN,
  BOARD_KILL_CAMPAIGN,
  BOARD_FUZZ_CAMPAIGN,
  WIRE_FUZZ_CAMPAIGN,
  HANG_UPS_CAMPAIGN,
];
