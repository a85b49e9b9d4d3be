/* The yardsticks of the tomography bench. Slices and sinograms are as in
 * src/kernels/tomography-kernel.ts: [view, column] and [row, column], the rotation axis at
 * (columns - 1) / 2 of a slice, and a ray at angle a runs where t = axis + x cos a + y sin a. */
#ifndef TOMOGRAPHY_H
#define TOMOGRAPHY_H

#include <complex.h>
#include <stddef.h>

typedef struct {
  int columns;
  int views;
  /* Side of the Fourier grid of the Kaiser-Bessel gridding. */
  int grid_size;
  double axis;
  double *angles;
  float *sinogram;
  /* Where FFTW keeps measured plans, so that only the first process of a bench measures. */
  char wisdom[4096];
} Scan;

/* What is done again and again once it is made ready; `state` is its own. */
typedef struct {
  const char *name;
  /* Slices that one call makes. */
  int slices;
  void *(*prepare)(const Scan *scan);
  /* Writes `slices` slices of columns x columns. */
  void (*reconstruct)(const Scan *scan, void *state, float *slices);
} Task;

/* NULL when there is no such task in this program. */
const Task *find_task(const char *name);

void *allocate(size_t bytes);

/* A phase factor exp(2 pi i j shift / size) for 0 <= j < size / 2 as a product of two tables. */
enum { PHASE_FINE = 32, PHASE_COARSE_MAX = 512 };
typedef struct {
  float complex fine[PHASE_FINE];
  float complex coarse[PHASE_COARSE_MAX];
} PhaseTable;
void fill_phases(PhaseTable *table, double shift, int size);
static inline float complex phase_at(const PhaseTable *table, int j) {
  return table->fine[j % PHASE_FINE] * table->coarse[j / PHASE_FINE];
}

/* Distance of the slice's middle from pixel columns / 2, in pixels: 1/2 for even columns. */
double middle_offset(int columns);

/* Modified Bessel function of the first kind, order 0. */
double bessel_i0(double x);

/* Fourier transform of exp-like Kaiser-Bessel taps of that width and beta, at x / size. */
double kaiser_transform(double x_over_size, double width, double beta);

#endif
