// Preloaded into the program by the kill campaign: ends its own process as `kill -9` does, at a
// commit of the phase that KILL_AIM names. The program itself knows nothing of it. As fast as
// possible a phase of minutes takes no real time, so more commits than usual are made.
const { writerUrl, phase, commits, moment, laterMs, everyRecords } = JSON.parse(
  process.env.KILL_AIM,
);
const { GroupCommitWriter } = await import(writerUrl);
const { append, commit, saveState } = GroupCommitWriter.prototype;

/** Whether the engine is in a phase, by what it saves. */
const PHASES = {
  takingUp: () => true,
  soak: ({ step }) => step?.dwelledSecond !== undefined,
  sweep: (state) => hasOpen(state, 'spectrum'),
  scan: (state) => hasOpen(state, 'scan'),
  counting: (state) => hasOpen(state, 'detectorSpectrum'),
  titration: ({ openMeasurements = [] }) =>
    openMeasurements.some((open) => open.phase === 'pulse' || open.phase === 'rest'),
  voltammogram: ({ openMeasurements = [] }) =>
    openMeasurements.some((open) => open.phase === 'voltammogram'),
  suspended: ({ suspension }) => suspension?.now !== undefined,
  afterItsEnd: ({ step }) => step?.metIndex !== undefined,
};

let left = commits;
let isDue = false;
let records = 0;

GroupCommitWriter.prototype.append = function (...words) {
  const sequence = append.apply(this, words);
  records += 1;
  if (records % everyRecords === 0)
    setImmediate(() => this.status() === 'running' && this.commit());
  return sequence;
};

GroupCommitWriter.prototype.saveState = function (state) {
  saveState.call(this, state);
  if (isDue || !PHASES[phase](state)) return;
  isDue = left === 0;
  left -= 1;
  // Written, and not committed: the transaction is lost.
  if (isDue && moment === 'before') die();
};

GroupCommitWriter.prototype.commit = function () {
  commit.call(this);
  if (!isDue || moment === 'before') return;
  // Committed, and nobody has been told anything else.
  if (moment === 'after') die();
  setTimeout(die, laterMs);
};

function hasOpen({ openMeasurements = [] }, kind) {
  return openMeasurements.some((open) => open.kind === kind);
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}
