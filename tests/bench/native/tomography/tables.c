#include <math.h>

#include "tomography.h"

void fill_phases(PhaseTable *table, double shift, int size) {
  double step = 2 * M_PI * shift / size;
  for (int k = 0; k < PHASE_FINE; k++) table->fine[k] = cexp(I * step * k);
  int blocks = size / 2 / PHASE_FINE + 1;
  for (int k = 0; k < blocks && k < PHASE_COARSE_MAX; k++) {
    table->coarse[k] = cexp(I * step * k * PHASE_FINE);
  }
}

double middle_offset(int columns) { return columns / 2 - 0.5 * (columns - 1); }

double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 200 && term > 1e-17 * sum; k++) {
    term *= x * x / 4 / ((double)k * k);
    sum += term;
  }
  return sum;
}

double kaiser_transform(double x_over_size, double width, double beta) {
  double argument = M_PI * width * x_over_size;
  double square = beta * beta - argument * argument;
  double root = sqrt(fabs(square));
  double value = root < 1e-9 ? 1 : square > 0 ? sinh(root) / root : sin(root) / root;
  return width * value / bessel_i0(beta);
}
