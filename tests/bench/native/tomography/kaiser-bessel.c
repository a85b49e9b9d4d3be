/* Gridding with a Kaiser-Bessel kernel of 4 taps on a grid 1.5 times the detector (Beatty 2005;
 * O'Sullivan 1985): the algorithm of assembly/tomography in C, its transforms by FFTW. Two slices
 * travel as the real and imaginary part of one; four complex taps of a row are one 256-bit vector. */
#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tomography.h"

enum { TAPS = 4, TABLE_STEPS = 1024 };

/* Not aligned: rows of taps begin on any sample. */
typedef float Vector __attribute__((vector_size(32), aligned(4), may_alias));

typedef struct {
  fftwf_plan row_plan;
  fftwf_plan plane_plan;
  fftwf_complex *row;
  fftwf_complex *grid;
  float *ramp;
  /* For every position between two samples the weights of 4 taps, each twice; and mirrored. */
  float (*weights)[2 * TAPS];
  float (*mirrored)[2 * TAPS];
  float *deapodisation;
} Gridding;

/* The DFT of the band-limited ramp in space (Kak and Slaney 1988, eq. 61), which keeps the mean. */
static void fill_ramp(float *ramp, int size) {
  for (int j = 0; j < size / 2; j++) {
    double sum = 0.25;
    for (int n = 1; n < size / 2; n += 2) {
      double phase = 2 * M_PI * (double)((long)j * n % size) / size;
      sum -= 2 * cos(phase) / (M_PI * M_PI * n * n);
    }
    ramp[j] = sum;
  }
}

static void fill_weights(Gridding *gridding, double beta) {
  for (int step = 0; step <= TABLE_STEPS; step++) {
    for (int tap = 0; tap < TAPS; tap++) {
      /* The first tap lies 0 to 1 sample above the lower end of the kernel. */
      double u = ((double)step / TABLE_STEPS + tap - TAPS / 2) / (TAPS / 2);
      double root = 1 - u * u;
      float weight = root > 0 ? bessel_i0(beta * sqrt(root)) / bessel_i0(beta) : 0;
      for (int part = 0; part < 2; part++) {
        gridding->weights[step][2 * tap + part] = weight;
        gridding->mirrored[step][2 * (TAPS - 1 - tap) + part] = weight;
      }
    }
  }
}

static void *prepare(const Scan *scan, unsigned effort) {
  int size = scan->grid_size;
  double oversampling = (double)size / scan->columns;
  double share = TAPS / oversampling * (oversampling - 0.5);
  double beta = M_PI * sqrt(share * share - 0.8);
  Gridding *gridding = allocate(sizeof *gridding);
  gridding->row = fftwf_alloc_complex(size);
  gridding->grid = fftwf_alloc_complex((size_t)size * size);
  if (effort == FFTW_MEASURE) fftwf_import_wisdom_from_filename(scan->wisdom);
  gridding->row_plan =
      fftwf_plan_dft_1d(size, gridding->row, gridding->row, FFTW_FORWARD, effort);
  gridding->plane_plan =
      fftwf_plan_dft_2d(size, size, gridding->grid, gridding->grid, FFTW_BACKWARD, effort);
  if (effort == FFTW_MEASURE) fftwf_export_wisdom_to_filename(scan->wisdom);
  gridding->ramp = allocate(sizeof(float) * size / 2);
  gridding->weights = allocate(sizeof(float) * (TABLE_STEPS + 1) * 2 * TAPS);
  gridding->mirrored = allocate(sizeof(float) * (TABLE_STEPS + 1) * 2 * TAPS);
  gridding->deapodisation = allocate(sizeof(float) * scan->columns);
  fill_ramp(gridding->ramp, size);
  fill_weights(gridding, beta);
  for (int column = 0; column < scan->columns; column++) {
    int u = column - scan->columns / 2;
    double value = 1 / kaiser_transform((double)u / size, TAPS, beta);
    /* The grid's middle is its origin, which alternates the signs of the slice. */
    gridding->deapodisation[column] = u % 2 ? -value : value;
  }
  return gridding;
}

static void *prepare_estimate(const Scan *scan) { return prepare(scan, FFTW_ESTIMATE); }
static void *prepare_measure(const Scan *scan) { return prepare(scan, FFTW_MEASURE); }

static inline void add_taps(float complex *cell, const float *weights, float complex value) {
  float re = crealf(value), im = cimagf(value);
  Vector both = {re, im, re, im, re, im, re, im};
  *(Vector *)cell += both * *(const Vector *)weights;
}

/* One frequency of a view and its opposite, which lies mirrored on the grid. */
static inline void scatter(Gridding *gridding, int size, double x, double y, float complex value,
                           float complex opposite) {
  /* Taps lie at ceil(x - 2) and the three after. */
  float left = (float)x - TAPS / 2, bottom = (float)y - TAPS / 2;
  int column = (int)ceilf(left), row = (int)ceilf(bottom);
  if (column < 1 || row < 1 || column + TAPS >= size || row + TAPS >= size) return;
  int step_x = (int)((column - left) * TABLE_STEPS + 0.5f);
  int step_y = (int)((row - bottom) * TABLE_STEPS + 0.5f);
  const float *across = gridding->weights[step_x];
  const float *across_mirrored = gridding->mirrored[step_x];
  const float *along = gridding->weights[step_y];
  float complex *cell = gridding->grid + (size_t)row * size + column;
  float complex *mirror =
      gridding->grid + (size_t)(size - row) * size + (size - column - TAPS + 1);
  for (int tap = 0; tap < TAPS; tap++) {
    float weight = along[2 * tap];
    add_taps(cell, across, value * weight);
    add_taps(mirror, across_mirrored, opposite * weight);
    cell += size;
    mirror -= size;
  }
}

static void grid_view(const Scan *scan, Gridding *gridding, int view) {
  int columns = scan->columns, size = scan->grid_size;
  const float *row = scan->sinogram + (size_t)view * columns;
  /* Both slices of the pair are of the same sinogram. */
  for (int column = 0; column < columns; column++) {
    gridding->row[column] = row[column] + I * row[column];
  }
  memset(gridding->row + columns, 0, sizeof(fftwf_complex) * (size - columns));
  fftwf_execute(gridding->row_plan);
  double cosine = cos(scan->angles[view]), sine = sin(scan->angles[view]);
  double shift = scan->axis + middle_offset(columns) * (cosine + sine);
  PhaseTable phases;
  fill_phases(&phases, shift, size);
  float scale = M_PI / scan->views / size;
  for (int j = 0; j < size / 2; j++) {
    float complex factor = phase_at(&phases, j) * (gridding->ramp[j] * scale);
    float complex value = factor * gridding->row[j];
    float complex opposite = conjf(factor) * gridding->row[j ? size - j : 0];
    if (j == 0) {
      value *= 0.5f;
      opposite *= 0.5f;
    }
    scatter(gridding, size, j * cosine + size / 2, j * sine + size / 2, value, opposite);
  }
}

static void reconstruct(const Scan *scan, void *state, float *slices) {
  Gridding *gridding = state;
  int columns = scan->columns, size = scan->grid_size;
  memset(gridding->grid, 0, sizeof(fftwf_complex) * size * size);
  for (int view = 0; view < scan->views; view++) grid_view(scan, gridding, view);
  fftwf_execute(gridding->plane_plan);
  float *second = slices + (size_t)columns * columns;
  for (int row = 0; row < columns; row++) {
    const float complex *line =
        gridding->grid + (size_t)((row - columns / 2 + size) % size) * size;
    for (int column = 0; column < columns; column++) {
      float weight = gridding->deapodisation[row] * gridding->deapodisation[column];
      float complex value = line[(column - columns / 2 + size) % size] * weight;
      slices[(size_t)row * columns + column] = crealf(value);
      second[(size_t)row * columns + column] = cimagf(value);
    }
  }
}

const Task kaiser_bessel_estimate = {"kaiser-bessel-estimate", 2, prepare_estimate, reconstruct};
const Task kaiser_bessel_measure = {"kaiser-bessel-measure", 2, prepare_measure, reconstruct};
