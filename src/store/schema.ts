/** Spells "oper": tells a run database from any other SQLite file. */
export const APPLICATION_ID = 0x6f706572;
export const SCHEMA_VERSION = 5;
/** The one database file in a run's folder. */
export const DATABASE_NAME = 'run.sqlite';

const RECORD_COLUMNS = `
  sequence INTEGER PRIMARY KEY,
  time_second REAL NOT NULL,
  boot INTEGER NOT NULL`;

/**
 * Every record table shares one sequence counter: together they hold 1, 2, 3, … without a gap.
 * Times are seconds on the experiment's clock, which goes on through a resume. UTC is
 * `utc_at_zero_ms` plus the time: of the newest `clock_step` of the record's boot, or of the boot
 * itself when it has none; a clock that is set relabels what was written before, and reorders
 * nothing. A number that is not a number is stored as NULL. Units are last in the column names.
 */
export const SCHEMA_SQL = `
CREATE TABLE run (
  run_id TEXT PRIMARY KEY,
  recipe TEXT NOT NULL,
  cell TEXT NOT NULL,
  rig TEXT NOT NULL,
  status TEXT NOT NULL,
  started_utc_ms REAL NOT NULL,
  speed REAL,
  seed INTEGER NOT NULL,
  software_version TEXT NOT NULL,
  instruments TEXT NOT NULL,
  source_recipe TEXT NOT NULL,
  source_cell TEXT NOT NULL,
  source_rig TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE boot (
  boot INTEGER PRIMARY KEY,
  started_second REAL NOT NULL,
  utc_at_zero_ms REAL NOT NULL
);
CREATE TABLE clock_step (
  boot INTEGER NOT NULL,
  from_second REAL NOT NULL,
  utc_at_zero_ms REAL NOT NULL
);
CREATE TABLE channel (
  position INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  unit TEXT NOT NULL
);
CREATE TABLE sample (${RECORD_COLUMNS},
  channel TEXT NOT NULL,
  value REAL,
  quality TEXT NOT NULL,
  standard_error REAL,
  range REAL
);
CREATE TABLE event (${RECORD_COLUMNS},
  code TEXT NOT NULL,
  severity TEXT NOT NULL,
  message TEXT NOT NULL,
  details TEXT NOT NULL
);
CREATE TABLE step (${RECORD_COLUMNS},
  step_id TEXT NOT NULL,
  name TEXT NOT NULL,
  technique TEXT NOT NULL,
  state TEXT NOT NULL,
  ended_by TEXT,
  charge_coulomb REAL
);
CREATE TABLE spectrum_point (${RECORD_COLUMNS},
  spectrum_id TEXT NOT NULL,
  point_index INTEGER NOT NULL,
  frequency_hertz REAL,
  z_real_ohm REAL,
  z_imag_ohm REAL,
  quality TEXT NOT NULL
);
CREATE TABLE spectrum (${RECORD_COLUMNS},
  spectrum_id TEXT NOT NULL,
  point_count INTEGER NOT NULL,
  start_second REAL,
  stop_second REAL,
  start_charge_coulomb REAL,
  stop_charge_coulomb REAL,
  complete INTEGER NOT NULL
);
CREATE TABLE fit (${RECORD_COLUMNS},
  spectrum_id TEXT NOT NULL,
  final INTEGER NOT NULL,
  circuit TEXT NOT NULL,
  points INTEGER NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  weighting TEXT NOT NULL,
  chi_square REAL,
  rms_percent REAL,
  duration_ms REAL,
  parameters TEXT NOT NULL,
  arcs TEXT NOT NULL,
  diagnostics TEXT NOT NULL,
  validity TEXT NOT NULL,
  curve TEXT NOT NULL
);
CREATE TABLE scan (${RECORD_COLUMNS},
  scan_id TEXT NOT NULL,
  views INTEGER NOT NULL,
  start_second REAL,
  stop_second REAL,
  start_charge_coulomb REAL,
  stop_charge_coulomb REAL,
  complete INTEGER NOT NULL,
  frames_file TEXT NOT NULL,
  analysis TEXT
);
CREATE TABLE volume (${RECORD_COLUMNS},
  scan_id TEXT NOT NULL,
  slices INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  columns INTEGER NOT NULL,
  views INTEGER NOT NULL,
  axis_pixel REAL,
  axis_agreed INTEGER NOT NULL,
  algorithm TEXT NOT NULL,
  duration_ms REAL,
  file TEXT NOT NULL
);
CREATE TABLE segmentation (${RECORD_COLUMNS},
  scan_id TEXT NOT NULL,
  start_second REAL,
  stop_second REAL,
  start_charge_coulomb REAL,
  stop_charge_coulomb REAL,
  threshold_per_pixel REAL,
  threshold_error_per_pixel REAL,
  separability REAL,
  electrode_voxels INTEGER NOT NULL,
  void_voxels INTEGER NOT NULL,
  solid_voxels INTEGER NOT NULL,
  voids INTEGER NOT NULL,
  void_fraction REAL,
  void_fraction_error REAL,
  largest_void_cubic_metre REAL,
  largest_void_error_cubic_metre REAL,
  protrusion_metre REAL,
  protrusion_error_metre REAL,
  depths TEXT NOT NULL,
  remarks TEXT NOT NULL
);
CREATE TABLE volume_change (${RECORD_COLUMNS},
  scan_id TEXT NOT NULL,
  start_second REAL,
  stop_second REAL,
  start_charge_coulomb REAL,
  stop_charge_coulomb REAL,
  against_scan_id TEXT NOT NULL,
  charge_coulomb REAL,
  grey_voxels REAL,
  grey_error_voxels REAL,
  counted_voxels REAL,
  counted_error_voxels REAL,
  growth_cubic_metre REAL,
  growth_error_cubic_metre REAL,
  lithium_cubic_metre REAL,
  lithium_error_cubic_metre REAL,
  electrochemical_cubic_metre REAL,
  ratio REAL,
  ratio_error REAL,
  shift_voxel REAL,
  doubts TEXT NOT NULL
);
CREATE TABLE detector_spectrum (${RECORD_COLUMNS},
  spectrum_id TEXT NOT NULL,
  region TEXT NOT NULL,
  start_second REAL NOT NULL,
  stop_second REAL NOT NULL,
  start_charge_coulomb REAL NOT NULL,
  stop_charge_coulomb REAL NOT NULL,
  live_second REAL NOT NULL,
  axis_label TEXT NOT NULL,
  axis_unit TEXT NOT NULL,
  axis TEXT NOT NULL,
  counts TEXT NOT NULL
);
CREATE TABLE derived (${RECORD_COLUMNS},
  name TEXT NOT NULL,
  value REAL NOT NULL,
  standard_error REAL,
  source TEXT NOT NULL
);
CREATE TABLE engine_state (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  sequence INTEGER NOT NULL,
  saved_utc_ms REAL NOT NULL,
  state TEXT NOT NULL
);
CREATE TABLE cursor (
  outlet TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE VIEW fit_parameter AS
  SELECT fit.sequence, fit.time_second, fit.spectrum_id, fit.final,
    json_extract(item.value, '$.name') AS name,
    json_extract(item.value, '$.value') AS value,
    json_extract(item.value, '$.unit') AS unit,
    json_extract(item.value, '$.standardError') AS standard_error,
    json_extract(item.value, '$.identifiable') AS identifiable
  FROM fit, json_each(fit.parameters) AS item;
PRAGMA application_id=${APPLICATION_ID};
PRAGMA user_version=${SCHEMA_VERSION};
`;
