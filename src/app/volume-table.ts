import type {
  MeasuredNumber,
  SegmentationResult,
  VolumeChangeResult,
} from '../domain/volume-results.ts';
import { significant, textTable, withError } from './format-values.ts';

const PERCENT = 100;
const MICROMETRE = 1e6;
const COULOMB_PER_MILLIAMPERE_HOUR = 3.6;

interface LookedInto {
  readonly scanId: string;
  readonly chargeCoulomb: number;
  readonly segmentation: SegmentationResult | null;
  readonly volumeChange: VolumeChangeResult | null;
}

/** What was found out from the volumes of a run, for people; nothing when none was looked into. */
export function volumeTable(scans: readonly LookedInto[]): string[] {
  const looked = scans.filter(({ segmentation, volumeChange }) => segmentation ?? volumeChange);
  if (looked.length === 0) return [];
  const rows = looked.map(({ scanId, chargeCoulomb, segmentation, volumeChange }) => [
    scanId,
    significant(chargeCoulomb / COULOMB_PER_MILLIAMPERE_HOUR),
    text(segmentation?.voidFraction, PERCENT),
    segmentation ? String(segmentation.voids) : '',
    text(segmentation?.protrusion, MICROMETRE),
    text(volumeChange?.lithium, MICROMETRE ** 3),
    volumeChange ? significant(volumeChange.electrochemicalCubicMetre * MICROMETRE ** 3) : '',
    volumeChange?.againstScanId ?? '',
  ]);
  const header = [
    'volume of',
    'mAh',
    'voids / %',
    'number',
    'protrusion / µm',
    'lithium / µm³',
    'by charge / µm³',
    'since',
  ];
  return [textTable(header, rows)];
}

function text(measured: MeasuredNumber | null | undefined, scale: number): string {
  if (!measured) return '';
  const { value, standardError } = measured;
  return withError(value * scale, standardError === null ? null : standardError * scale);
}
