import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { VolumeSource } from '../../src/domain/volume.ts';

/**
 * A sample tube with an electrode below and an electrolyte full of particles above. Between two
 * states the electrode grows by a fraction of a voxel everywhere and by one protrusion, and the
 * whole sample moves by a fraction of a voxel. Edges are those of a blurred image.
 */
export interface Phantom {
  readonly columns: number;
  readonly slices: number;
  readonly radius: number;
  /** Slice coordinate of the interface at the axis. */
  readonly interfaceSlice: number;
  /** Standard deviation of the edges in voxels. */
  readonly blur: number;
  /** Standard deviation of the noise over the difference between electrode and electrolyte. */
  readonly noise: number;
  /** Particles per 1000 voxels of electrolyte; their greatest contrast. */
  readonly particles: number;
  readonly particleContrast: number;
  readonly seed: number;
}

export interface Growth {
  /** Everywhere on the interface, in voxels. */
  readonly layer: number;
  readonly protrusionHeight: number;
  readonly protrusionRadius: number;
}

export interface State {
  /** Says which noise it is: "before", "after". */
  readonly name: string;
  readonly shift?: readonly [x: number, y: number, z: number];
  /** About the axis, in radian. */
  readonly turn?: number;
  readonly growth?: Growth;
  /** Attenuation is offset + gain times phase. */
  readonly gain?: number;
  readonly offset?: number;
}

export const NO_GROWTH: Growth = { layer: 0, protrusionHeight: 0, protrusionRadius: 1 };
const AIR = 0;
const ELECTROLYTE = 0.4;
const ELECTRODE = 1;
/** Attenuation of the electrode in 1/pixel. */
export const ELECTRODE_ATTENUATION = 0.02;
const NOISE_TABLE = 2 ** 16;

/** How many voxels the electrode has more of. */
export function grownVoxels(phantom: Phantom, growth: Growth): number {
  const { layer, protrusionHeight: height, protrusionRadius: radius } = growth;
  // The integral of cos^2(pi r / 2 a) over its disc is pi a^2 (1/2 - 2 / pi^2).
  const protrusion = height * Math.PI * radius ** 2 * (0.5 - 2 / Math.PI ** 2);
  return layer * Math.PI * phantom.radius ** 2 + protrusion;
}

/** The volume of one state, held in memory. */
export function phantomVolume(phantom: Phantom, state: State): VolumeSource {
  const values = drawPhases(phantom, state);
  addParticles(values, phantom, state);
  const noise = (ELECTRODE - ELECTROLYTE) * phantom.noise;
  addNoise(values, noise, deriveSeed(phantom.seed, state.name));
  const [gain, offset] = [(state.gain ?? 1) * ELECTRODE_ATTENUATION, state.offset ?? 0];
  for (let at = 0; at < values.length; at++) values[at] = offset + gain * (values[at] ?? 0);
  return volumeOf(values, phantom.columns, phantom.slices, state.name);
}

/** A volume in memory, square slices, as a source. */
export function volumeOf(
  values: Float32Array,
  columns: number,
  slices: number,
  name: string,
): VolumeSource {
  const area = columns * columns;
  return {
    where: `${name}.h5`,
    slices,
    rows: columns,
    columns,
    scale: { type: 'float32', offset: 0, step: 1 },
    readSlices: async (first, count) => values.subarray(first * area, (first + count) * area),
    close: async () => {},
  };
}

/** Where a voxel's matter was before it moved. */
function backwards(phantom: Phantom, { shift = [0, 0, 0], turn = 0 }: State) {
  const middle = (phantom.columns - 1) / 2;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return (x: number, y: number): [number, number] => {
    const [u, v] = [x - middle - shift[0], y - middle - shift[1]];
    return [cosine * u + sine * v, cosine * v - sine * u];
  };
}

function drawPhases(phantom: Phantom, state: State): Float32Array {
  const { columns, slices, radius, blur } = phantom;
  const values = new Float32Array(columns * columns * slices);
  const origin = backwards(phantom, state);
  const step = edgeTable(blur);
  const height = interfaceHeight(phantom, state.growth ?? NO_GROWTH);
  const shiftZ = state.shift?.[2] ?? 0;
  const area = columns * columns;
  for (let y = 0; y < columns; y++) {
    for (let x = 0; x < columns; x++) {
      const [u, v] = origin(x, y);
      const inside = step(radius - Math.hypot(u, v));
      const top = height(u, v) + shiftZ;
      const slope = Math.hypot(
        1,
        height(u + 0.5, v) - height(u - 0.5, v),
        height(u, v + 0.5) - height(u, v - 0.5),
      );
      for (let z = 0; z < slices; z++) {
        const electrode = step((top - z) / slope);
        const solid = ELECTROLYTE + (ELECTRODE - ELECTROLYTE) * electrode;
        values[z * area + y * columns + x] = AIR + (solid - AIR) * inside;
      }
    }
  }
  return values;
}

/** Tilted, and rough on a scale of some tens of voxels, as pressed powders are. */
function interfaceHeight(phantom: Phantom, growth: Growth): (x: number, y: number) => number {
  const random = new Random(deriveSeed(phantom.seed, 'interface'));
  const [tiltX, tiltY] = [0.02 * random.normal(), 0.02 * random.normal()];
  const [phaseX, phaseY] = [6.28 * random.uniform(), 6.28 * random.uniform()];
  const { layer, protrusionHeight, protrusionRadius } = growth;
  const [middleX, middleY] = [0.2 * phantom.radius, -0.3 * phantom.radius];
  return (x, y) => {
    const rough = 0.8 * Math.sin(x / 9 + phaseX) * Math.sin(y / 11 + phaseY);
    const away = Math.hypot(x - middleX, y - middleY) / protrusionRadius;
    const protrusion = away < 1 ? protrusionHeight * Math.cos((Math.PI / 2) * away) ** 2 : 0;
    return phantom.interfaceSlice + tiltX * x + tiltY * y + rough + layer + protrusion;
  };
}

/** A blurred step from 0 to 1, tabulated: the integral of a Gaussian. */
function edgeTable(blur: number): (distance: number) => number {
  const steps = 64;
  const reach = 6 * steps;
  const table = new Float64Array(2 * reach + 1);
  for (let at = 1; at < table.length; at++) {
    const t = (at - 0.5 - reach) / steps;
    table[at] = (table[at - 1] ?? 0) + Math.exp(-(t ** 2) / 2) / (steps * Math.sqrt(2 * Math.PI));
  }
  return (distance) => {
    const place = (distance / blur) * steps + reach;
    if (place <= 0) return 0;
    if (place >= 2 * reach) return 1;
    const at = Math.floor(place);
    const next = table[at + 1] ?? 1;
    return (table[at] ?? 0) + (place - at) * (next - (table[at] ?? 0));
  };
}

/** Round particles and pores of the electrolyte, fixed in it, away from the electrode. */
function addParticles(values: Float32Array, phantom: Phantom, state: State): void {
  const { columns, slices, radius } = phantom;
  const random = new Random(deriveSeed(phantom.seed, 'particles'));
  const highest = interfaceHeight(phantom, {
    layer: 0,
    protrusionHeight: 0.35 * slices,
    protrusionRadius: 0.35 * radius,
  });
  const { shift = [0, 0, 0], turn = 0 } = state;
  const count = Math.round((phantom.particles * Math.PI * radius ** 2 * slices) / 1000);
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const middle = (columns - 1) / 2;
  for (let k = 0; k < count; k++) {
    const distance = radius * Math.sqrt(random.uniform());
    const angle = 2 * Math.PI * random.uniform();
    const z = slices * (1.2 * random.uniform() - 0.1);
    const width = 1.3 + 1.2 * random.uniform();
    const contrast = phantom.particleContrast * (2 * random.uniform() - 1);
    const [u, v] = [distance * Math.cos(angle), distance * Math.sin(angle)];
    if (distance > radius - 3 * width || z < highest(u, v) + 4 * width) continue;
    const x = middle + shift[0] + cosine * u - sine * v;
    const y = middle + shift[1] + sine * u + cosine * v;
    addBlob(values, phantom, { place: [x, y, z + shift[2]], width, contrast });
  }
}

interface Blob {
  readonly place: readonly [number, number, number];
  readonly width: number;
  readonly contrast: number;
}

function addBlob(values: Float32Array, { columns, slices }: Phantom, blob: Blob): void {
  const { place, width, contrast } = blob;
  const reach = Math.ceil(4 * width);
  const along = place.map((centre) => {
    const first = Math.round(centre) - reach;
    const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, at) =>
      Math.exp(-(((first + at - centre) / width) ** 2) / 2),
    );
    return { first, weights };
  });
  const [xs, ys, zs] = along;
  if (!xs || !ys || !zs) return;
  for (const [k, wz] of zs.weights.entries()) {
    const z = zs.first + k;
    if (z < 0 || z >= slices) continue;
    for (const [j, wy] of ys.weights.entries()) {
      const row = (z * columns + ys.first + j) * columns + xs.first;
      for (let i = 0; i < xs.weights.length; i++) {
        values[row + i] = (values[row + i] ?? 0) + contrast * wz * wy * (xs.weights[i] ?? 0);
      }
    }
  }
}

/** Normal numbers from a table, at places that xorshift32 (Marsaglia 2003) picks. */
function addNoise(values: Float32Array, deviation: number, seed: number): void {
  const table = noiseTable();
  let state = seed | 1;
  for (let at = 0; at < values.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[at] = (values[at] ?? 0) + deviation * (table[state & (NOISE_TABLE - 1)] ?? 0);
  }
}

let tableOfNoise: Float32Array | undefined;

function noiseTable(): Float32Array {
  if (!tableOfNoise) {
    const random = new Random(20180712);
    tableOfNoise = Float32Array.from({ length: NOISE_TABLE }, () => random.normal());
  }
  return tableOfNoise;
}
