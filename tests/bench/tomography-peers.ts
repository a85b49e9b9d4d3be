import type { BenchOptions, Figure, Target } from './bench.ts';
import { atLeast, valueFigure } from './figures.ts';
import { type Contender, race, ratioFigure, timeFigure } from './race.ts';
import { accuracyOf } from './tomography-accuracy.ts';
import { iradonCase, type TomographyCase } from './tomography-case.ts';
import {
  type AbsentPeer,
  iradonPeer,
  nativePeers,
  type Peer,
  peerContender,
  removeCase,
  writeCase,
} from './tomography-native.ts';

/** Rounds with peers: each is a process of its own. */
const ROUNDS_MAX = 5;
/** From this width on a call of any peer fills a batch, and planning it again and again tells less. */
const SLOW_COLUMNS = 1500;
/** From this width on one call of iradon is enough to know. */
const IRADON_ONCE_COLUMNS = 1000;
const IRADON_ROUNDS_MAX = 3;
/** Core-seconds of one slice of 2048 columns that tomocupy's authors publish of tomopy. */
const TOMOPY_PUBLISHED_SECONDS = 2.3;
const TOMOPY_COLUMNS_MIN = 2000;

/** How many times as fast as a peer a gridded slice should be. */
const TARGETS: ReadonlyMap<string, Target> = new Map([
  ['gridrec in C, as called', atLeast(1.3)],
  ['gridrec in C, padded', atLeast(4)],
]);
const IRADON_TARGET = atLeast(200);
const TOMOPY_TARGET = atLeast(10);

/** Programs whose slices differ from the truth by a factor and an offset, by design. */
const NOT_CALIBRATED = /^gridrec/;

/** The same slices by others, in turn with ours, with the error of each beside its time. */
export function peerFigures(
  made: TomographyCase,
  ours: Contender,
  options: BenchOptions,
): Figure[] {
  if (!options.yardsticks) return [];
  const { columns } = made.size;
  const rounds = Math.min(options.rounds, ROUNDS_MAX);
  const scan = writeCase(made, `tomography-${columns}`);
  try {
    const peers = nativePeers();
    const present = peers.filter((peer) => 'run' in peer);
    options.tell(`${made.name}: ${present.map(({ name }) => name).join(', ')}`);
    const isSlow = columns >= SLOW_COLUMNS;
    const times = race([ours, ...present.map((peer) => peerContender(peer, scan, isSlow))], {
      ...options,
      rounds,
    });
    return [
      ...peers.flatMap((peer): Figure[] => {
        if (!('run' in peer)) return [absent(made, peer)];
        const target = TARGETS.get(peer.name);
        return [
          timeFigure(times, peer.name, { name: `slice ${made.name}: ${peer.name}` }),
          ratioFigure(
            times,
            { of: ours.name, over: peer.name },
            {
              name: `slice ${made.name}: speed of ours / ${peer.name}`,
              ...(target && columns >= SLOW_COLUMNS && { target }),
            },
          ),
          errorFigure(made, peer, peer.run(scan, 1).slice),
        ];
      }),
      ...iradonFigures(made, ours, options),
      ...(columns >= TOMOPY_COLUMNS_MIN ? [publishedFigure(made, ours)] : []),
    ];
  } finally {
    removeCase(scan);
  }
}

function iradonFigures(made: TomographyCase, ours: Contender, options: BenchOptions): Figure[] {
  const peer = iradonPeer();
  if (!('run' in peer)) return [absent(made, peer)];
  const { columns } = made.size;
  options.tell(`${made.name}: ${peer.name}`);
  const scan = writeCase(iradonCase(made), `tomography-${columns}-iradon`);
  try {
    let last: { slice: Float32Array; version: string } | undefined;
    const contender: Contender = {
      name: peer.name,
      isSlow: true,
      measure: (calls) => {
        const found = peer.run(scan, calls);
        last = found;
        return found;
      },
    };
    const roundsMax = columns >= IRADON_ONCE_COLUMNS ? 1 : IRADON_ROUNDS_MAX;
    const rounds = Math.min(options.rounds, roundsMax);
    const times = race([ours, contender], { ...options, rounds });
    const name = `slice ${made.name}: speed of ours / ${peer.name}`;
    const target = columns >= SLOW_COLUMNS ? { target: IRADON_TARGET } : {};
    return [
      timeFigure(times, peer.name, {
        name: `slice ${made.name}: ${peer.name}`,
        note: last?.version ?? '',
      }),
      ratioFigure(times, { of: ours.name, over: peer.name }, { name, ...target }),
      ...(last ? [errorFigure(made, peer, last.slice)] : []),
    ];
  } finally {
    removeCase(scan);
  }
}

function errorFigure(made: TomographyCase, peer: Peer, slice: Float32Array): Figure {
  const { columns } = made.size;
  const accuracy = accuracyOf(slice, made.truth, columns);
  const isFitted = NOT_CALIBRATED.test(peer.name);
  const rmse = isFitted ? accuracy.fittedRmse : accuracy.rmse;
  const how = isFitted ? `after an affine fit; ${accuracy.rmse.toPrecision(3)} before it, ` : '';
  return valueFigure(`slice ${made.name}: ${peer.name}: RMSE`, rmse, {
    note: `${how}SSIM ${accuracy.ssim.toFixed(3)}, gain ${accuracy.gain.toFixed(4)}`,
  });
}

function absent(made: TomographyCase, { name, reason }: AbsentPeer): Figure {
  return { kind: 'absent', name: `slice ${made.name}: ${name}`, reason };
}

/** Not measured here: what others wrote of their machine, in our time on this one. */
function publishedFigure(made: TomographyCase, ours: Contender): Figure {
  const { wallMs } = ours.measure(1);
  return valueFigure(
    `slice ${made.name}: speed of ours / tomopy, published`,
    (TOMOPY_PUBLISHED_SECONDS * 1000) / wallMs,
    {
      unit: 'x',
      target: TOMOPY_TARGET,
      note: `published, not measured: tomopy ${TOMOPY_PUBLISHED_SECONDS} core-s a slice of 2048 columns with its input and output, 2 x 16 Xeon cores (tomocupy documentation); ours is the kernel alone`,
    },
  );
}
