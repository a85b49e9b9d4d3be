#include "impedance.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

void fill(double *target, double value, int count) {
  for (int k = 0; k < count; k++) target[k] = value;
}

void scale(double *restrict target, const double *restrict source, double factor, int count) {
  for (int k = 0; k < count; k++) target[k] = factor * source[k];
}

void multiply(double *restrict target, const double *restrict source, int count) {
  for (int k = 0; k < count; k++) target[k] *= source[k];
}

void add(double *restrict target, const double *restrict source, int count) {
  for (int k = 0; k < count; k++) target[k] += source[k];
}

// The pragma allows what strict floating point forbids: one sum in several lanes.
double dot(const double *a, const double *b, int count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int k = 0; k < count; k++) sum += a[k] * b[k];
  return sum;
}

double dot_complex(const struct buffer *a, const struct buffer *b, int count) {
  return dot(a->re, b->re, count) + dot(a->im, b->im, count);
}

// target = e^(factor * source): x = k ln 2 + r, e^r by its Taylor series to r^13, times 2^k.
// Written out, as in the kernel, because libm's exp is not a vector operation in strict C.
void exponential(double *restrict target, const double *restrict source, double factor, int count) {
  for (int i = 0; i < count; i++) {
    double x = fmin(fmax(factor * source[i], -700), 700);
    double turns = x * 1.4426950408889634;
    // Truncation, not the "add 1.5 * 2^52" of the kernel: -ffast-math would simplify that away.
    int32_t k = (int32_t)(turns + copysign(0.5, turns));
    double r = x - k * 6.9314718036912381649e-1 - k * 1.90821492927058770002e-10;
    double sum = 1.0 / 6227020800.0;
    sum = sum * r + 1.0 / 479001600.0;
    sum = sum * r + 1.0 / 39916800.0;
    sum = sum * r + 1.0 / 3628800.0;
    sum = sum * r + 1.0 / 362880.0;
    sum = sum * r + 1.0 / 40320.0;
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    int64_t bits = (int64_t)(k + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    target[i] = sum * power;
  }
}
