/* Gridrec as published (Dowd et al. 1999, Proc. SPIE 3772; Marone and Stampanoni 2012, J.
 * Synchrotron Rad. 19, 1029): a separable kernel of width 2 C / pi with C = 7, looked up in a table
 * of 512 steps, on a grid of the next power of two with no oversampling; the ramp is |frequency|;
 * FFTW with estimated plans. The kernel is Kaiser-Bessel with beta = C, which is within a few parts
 * in a thousand of the published prolate spheroidal wave function of that C. */
#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "tomography.h"

enum { TABLE_STEPS = 512 };
static const double KERNEL_C = 7;

typedef struct {
  /* Columns of a row as it is handed over: the detector's, or twice as many. */
  int padded;
  /* Columns added at the left. */
  int added;
  int size;
  fftwf_plan row_plan;
  fftwf_plan plane_plan;
  fftwf_complex *row;
  fftwf_complex *grid;
  float table[TABLE_STEPS + 2];
  float *correction;
} Gridrec;

static void *prepare(const Scan *scan, int padding) {
  double width = 2 * KERNEL_C / M_PI;
  Gridrec *gridrec = allocate(sizeof *gridrec);
  gridrec->padded = padding * scan->columns;
  gridrec->added = (gridrec->padded - scan->columns) / 2;
  gridrec->size = 1;
  while (gridrec->size < gridrec->padded) gridrec->size *= 2;
  int size = gridrec->size;
  gridrec->row = fftwf_alloc_complex(size);
  gridrec->grid = fftwf_alloc_complex((size_t)size * size);
  gridrec->row_plan =
      fftwf_plan_dft_1d(size, gridrec->row, gridrec->row, FFTW_FORWARD, FFTW_ESTIMATE);
  gridrec->plane_plan = fftwf_plan_dft_2d(size, size, gridrec->grid, gridrec->grid, FFTW_BACKWARD,
                                          FFTW_ESTIMATE);
  for (int step = 0; step <= TABLE_STEPS + 1; step++) {
    double u = fmin(1, (double)step / TABLE_STEPS);
    gridrec->table[step] = bessel_i0(KERNEL_C * sqrt(1 - u * u)) / bessel_i0(KERNEL_C);
  }
  gridrec->correction = allocate(sizeof(float) * gridrec->padded);
  for (int column = 0; column < gridrec->padded; column++) {
    int u = column - gridrec->padded / 2;
    double value = 1 / kaiser_transform((double)u / size, width, KERNEL_C);
    gridrec->correction[column] = u % 2 ? -value : value;
  }
  return gridrec;
}

static void *prepare_as_called(const Scan *scan) { return prepare(scan, 1); }
static void *prepare_padded(const Scan *scan) { return prepare(scan, 2); }

static void grid_view(const Scan *scan, Gridrec *gridrec, int view) {
  int columns = scan->columns, size = gridrec->size;
  double half_width = KERNEL_C / M_PI;
  float per_step = TABLE_STEPS / half_width;
  const float *row = scan->sinogram + (size_t)view * columns;
  memset(gridrec->row, 0, sizeof(fftwf_complex) * size);
  for (int column = 0; column < gridrec->padded; column++) {
    int at = column - gridrec->added;
    float value = row[at < 0 ? 0 : at >= columns ? columns - 1 : at];
    gridrec->row[column] = value + I * value;
  }
  fftwf_execute(gridrec->row_plan);
  double cosine = cos(scan->angles[view]), sine = sin(scan->angles[view]);
  double shift =
      scan->axis + gridrec->added + middle_offset(gridrec->padded) * (cosine + sine);
  PhaseTable phases;
  fill_phases(&phases, shift, size);
  float scale = M_PI / scan->views / size / size;
  for (int j = 1; j < size / 2; j++) {
    float complex factor = phase_at(&phases, j) * (j * scale);
    float complex value = factor * gridrec->row[j];
    float complex opposite = conjf(factor) * gridrec->row[size - j];
    float x = j * cosine + size / 2, y = j * sine + size / 2;
    int left = (int)ceilf(x - half_width), right = (int)floorf(x + half_width);
    int bottom = (int)ceilf(y - half_width), top = (int)floorf(y + half_width);
    if (left < 1) left = 1;
    if (bottom < 1) bottom = 1;
    if (right > size - 1) right = size - 1;
    if (top > size - 1) top = size - 1;
    float across[8];
    for (int u = left; u <= right; u++) {
      across[u - left] = gridrec->table[(int)(fabsf(x - u) * per_step + 0.5f)];
    }
    for (int v = bottom; v <= top; v++) {
      float along = gridrec->table[(int)(fabsf(y - v) * per_step + 0.5f)];
      float complex *cells = gridrec->grid + (size_t)v * size;
      float complex *mirror = gridrec->grid + (size_t)(size - v) * size + size;
      for (int u = left; u <= right; u++) {
        float weight = along * across[u - left];
        cells[u] += value * weight;
        mirror[-u] += opposite * weight;
      }
    }
  }
}

static void reconstruct(const Scan *scan, void *state, float *slices) {
  Gridrec *gridrec = state;
  int columns = scan->columns, size = gridrec->size;
  memset(gridrec->grid, 0, sizeof(fftwf_complex) * size * size);
  for (int view = 0; view < scan->views; view++) grid_view(scan, gridrec, view);
  fftwf_execute(gridrec->plane_plan);
  float *second = slices + (size_t)columns * columns;
  for (int row = 0; row < columns; row++) {
    int padded_row = row + gridrec->added;
    int v = (padded_row - gridrec->padded / 2 + size) % size;
    const float complex *line = gridrec->grid + (size_t)v * size;
    for (int column = 0; column < columns; column++) {
      int padded_column = column + gridrec->added;
      int u = (padded_column - gridrec->padded / 2 + size) % size;
      float weight = gridrec->correction[padded_row] * gridrec->correction[padded_column];
      slices[(size_t)row * columns + column] = crealf(line[u]) * weight;
      second[(size_t)row * columns + column] = cimagf(line[u]) * weight;
    }
  }
}

const Task gridrec_as_called = {"gridrec", 2, prepare_as_called, reconstruct};
const Task gridrec_padded = {"gridrec-padded", 2, prepare_padded, reconstruct};
