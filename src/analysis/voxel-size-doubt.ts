/** Volumes go with the third power: a voxel 5 % off is a volume 16 % off. */
const DISAGREEMENT_MAX = 0.05;

/** What is known of the size of a voxel, apart from what it is said to be. */
export interface VoxelSizeEvidence {
  /** What the camera sees across all columns. */
  readonly fieldOfViewUm?: number;
  /** Pitch of the camera's pixels over the magnification in front of it. */
  readonly pitchOverMagnificationUm?: number;
}

/** One sentence for each piece of evidence that is more than 5 % off; none when all agree. */
export function voxelSizeDoubts(
  voxelSizeUm: number,
  columns: number,
  evidence: VoxelSizeEvidence,
): string[] {
  const { fieldOfViewUm, pitchOverMagnificationUm } = evidence;
  const others = [
    [fieldOfViewUm === undefined ? undefined : fieldOfViewUm / columns, 'the field of view'],
    [pitchOverMagnificationUm, 'pitch and magnification'],
  ] as const;
  return others.flatMap(([otherUm, what]) => {
    if (otherUm === undefined || Math.abs(voxelSizeUm / otherUm - 1) <= DISAGREEMENT_MAX) return [];
    const factor = (voxelSizeUm / otherUm) ** 3;
    return [
      `a voxel of ${voxelSizeUm} um does not fit ${what}, which say ${otherUm.toPrecision(4)} um: volumes differ by a factor of ${factor.toFixed(2)}`,
    ];
  });
}
