// A host that heats, to be killed: node heating-host.mjs PORT DUTY [watch]
// With "watch" it switches nothing on by itself. Tells its parent, over IPC, what it found and
// when it heats; after a loss it connects again and clears nothing.
import { setTimeout as pause } from 'node:timers/promises';
import { BAUD_RATE, STATES, TRIPS } from '../../../dist/firmware-bridge/board-protocol.js';
import { OperandoBoard } from '../../../dist/firmware-bridge/operando-board.js';
import { SerialLink } from '../../../dist/firmware-bridge/serial-link.js';
import { SystemClock } from '../../../dist/src/domain/system-clock.js';

/** A machine with other work may let us miss a deadline; then the board trips, by right. */
const TRIES_MAX = 20;
const AGAIN_MS = 100;
const LIMITS = {
  hostSilenceMs: 950,
  sensorSilenceMs: 950,
  thermometerMin: 7000,
  thermometerMax: 11_000,
  thermocoupleMin: -20 * 128,
  thermocoupleMax: 150 * 128,
  forceMax: 4_000_000,
  pressureMax: 14_000,
  dutyMax: 1000,
  fitted: 0b1111,
  guarded: 0b111,
};

const [, , path, duty, mode] = process.argv;
const never = new AbortController().signal;
const clock = new SystemClock();
const link = new SerialLink({ path, baudRate: BAUD_RATE, clock });
const board = new OperandoBoard({ id: 'cell-board', link, clock });
let wantsHeat = mode !== 'watch';

board.listen({
  onLost: (fault) => {
    tell({ kind: 'lost', reason: fault.message });
    wantsHeat = false;
    void connect();
  },
  onStatus: ({ state }) => {
    if (state === STATES.tripped && !wantsHeat) tell({ kind: 'tripped', trip: tripName() });
  },
});
process.on('message', ({ stallMs }) => {
  const untilMs = performance.now() + stallMs;
  wantsHeat = false;
  while (performance.now() < untilMs);
  tell({ kind: 'stalled' });
});
process.on('disconnect', () => process.exit());
await connect();

async function connect() {
  for (let tries = 1; ; tries += 1) {
    try {
      await board.start(never);
      tell({ kind: 'found', trip: tripName(), duty: board.status.duty, relay: board.status.relay });
      if (wantsHeat) await heat();
      return;
    } catch (error) {
      await board.stop();
      if (tries === TRIES_MAX) throw error;
      await pause(AGAIN_MS);
    }
  }
}

async function heat() {
  if (tripName() !== 'none') await board.clearTrip(tripName());
  await board.setLimits(LIMITS);
  await reports(5);
  await board.setOutputs({ dutyFraction: Number(duty), isRelayClosed: true });
  tell({ kind: 'heating' });
}

function reports(count) {
  return new Promise((resolve) => {
    const unlisten = board.listen({
      onReport: () => {
        count -= 1;
        if (count > 0) return;
        unlisten();
        resolve();
      },
    });
  });
}

function tripName() {
  return Object.entries(TRIPS).find(([, code]) => code === board.status.trip)?.[0];
}

function tell(message) {
  if (process.connected) process.send(message);
}
