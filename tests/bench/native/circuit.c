#include "impedance.h"
#include <math.h>

static const double HALF_PI = 1.5707963267948966;

// Z = R; dZ/dlnR = Z.
static void resistor(struct problem *s, int entry, double resistance, bool derivatives) {
  struct buffer *z = &s->node[entry];
  fill(z->re, resistance, s->padded);
  fill(z->im, 0, s->padded);
  if (!derivatives) return;
  struct buffer *j = &s->jacobian[s->tape[entry].first];
  fill(j->re, resistance, s->padded);
  fill(j->im, 0, s->padded);
}

// Z = 1/(j omega C); dZ/dlnC = -Z.
static void capacitor(struct problem *s, int entry, double capacitance, bool derivatives) {
  struct buffer *z = &s->node[entry];
  fill(z->re, 0, s->padded);
  for (int k = 0; k < s->padded; k++) z->im[k] = -1 / (capacitance * s->omega[k]);
  if (!derivatives) return;
  struct buffer *j = &s->jacobian[s->tape[entry].first];
  fill(j->re, 0, s->padded);
  scale(j->im, z->im, -1, s->padded);
}

// dZ/dn = -(ln omega + j pi/2) Z.
static void by_exponent(struct buffer *restrict j, const struct buffer *restrict z,
                        const double *restrict ln_omega, int count) {
  for (int k = 0; k < count; k++) {
    double re = z->re[k], im = z->im[k], l = ln_omega[k];
    j->re[k] = HALF_PI * im - l * re;
    j->im[k] = -(l * im + HALF_PI * re);
  }
}

// Z = 1/(Q (j omega)^n); dZ/dlnQ = -Z.
static void constant_phase(struct problem *s, int entry, double admittance, double exponent,
                           bool derivatives) {
  struct buffer *z = &s->node[entry];
  exponential(z->re, s->ln_omega, -exponent, s->padded);
  scale(z->im, z->re, -sin(exponent * HALF_PI) / admittance, s->padded);
  double cosine = cos(exponent * HALF_PI) / admittance;
  for (int k = 0; k < s->padded; k++) z->re[k] *= cosine;
  if (!derivatives) return;
  int p = s->tape[entry].first;
  scale(s->jacobian[p].re, z->re, -1, s->padded);
  scale(s->jacobian[p].im, z->im, -1, s->padded);
  by_exponent(&s->jacobian[p + 1], z, s->ln_omega, s->padded);
}

static void add_reciprocal(struct buffer *restrict target, const struct buffer *restrict source,
                           int count) {
  for (int k = 0; k < count; k++) {
    double re = source->re[k], im = source->im[k];
    double inverse = 1 / (re * re + im * im);
    target->re[k] += re * inverse;
    target->im[k] -= im * inverse;
  }
}

static void invert(struct buffer *z, int count) {
  for (int k = 0; k < count; k++) {
    double re = z->re[k], im = z->im[k];
    double inverse = 1 / (re * re + im * im);
    z->re[k] = re * inverse;
    z->im[k] = -(im * inverse);
  }
}

// target = (whole / part)^2: how a branch's change reaches a parallel node.
static void squared_ratio(struct buffer *restrict target, const struct buffer *restrict whole,
                          const struct buffer *restrict part, int count) {
  for (int k = 0; k < count; k++) {
    double a = part->re[k], b = part->im[k], c = whole->re[k], d = whole->im[k];
    double inverse = 1 / (a * a + b * b);
    double re = (c * a + d * b) * inverse;
    double im = (d * a - c * b) * inverse;
    target->re[k] = re * re - im * im;
    target->im[k] = 2 * (re * im);
  }
}

static void multiply_complex(struct buffer *restrict target, const struct buffer *restrict factor,
                             int count) {
  for (int k = 0; k < count; k++) {
    double a = target->re[k], b = target->im[k], c = factor->re[k], d = factor->im[k];
    target->re[k] = c * a - d * b;
    target->im[k] = c * b + d * a;
  }
}

// Z = sum of Z_i; the derivatives of the parts are those of the whole.
static void series(struct problem *s, int entry) {
  const struct entry *e = &s->tape[entry];
  struct buffer *z = &s->node[entry];
  scale(z->re, s->node[e->child[0]].re, 1, s->padded);
  scale(z->im, s->node[e->child[0]].im, 1, s->padded);
  for (int i = 1; i < e->child_count; i++) {
    add(z->re, s->node[e->child[i]].re, s->padded);
    add(z->im, s->node[e->child[i]].im, s->padded);
  }
}

// 1/Z = sum of 1/Z_i; dZ/dtheta = (Z/Z_i)^2 dZ_i/dtheta.
static void parallel(struct problem *s, int entry, bool derivatives) {
  const struct entry *e = &s->tape[entry];
  struct buffer *z = &s->node[entry];
  fill(z->re, 0, s->padded);
  fill(z->im, 0, s->padded);
  for (int i = 0; i < e->child_count; i++) add_reciprocal(z, &s->node[e->child[i]], s->padded);
  invert(z, s->padded);
  if (!derivatives) return;
  for (int i = 0; i < e->child_count; i++) {
    int branch = e->child[i];
    squared_ratio(&s->ratio, z, &s->node[branch], s->padded);
    for (int p = s->tape[branch].first; p < s->tape[branch].end; p++) {
      multiply_complex(&s->jacobian[p], &s->ratio, s->padded);
    }
  }
}

void evaluate(struct problem *s, const double *theta, bool derivatives) {
  double value[PARAMETERS_MAX];
  for (int p = 0; p < s->parameters; p++) value[p] = s->is_log[p] ? exp(theta[p]) : theta[p];
  for (int entry = 0; entry < s->entries; entry++) {
    int p = s->tape[entry].first;
    switch (s->tape[entry].kind) {
      case RESISTOR: resistor(s, entry, value[p], derivatives); break;
      case CAPACITOR: capacitor(s, entry, value[p], derivatives); break;
      case CONSTANT_PHASE:
        constant_phase(s, entry, value[p], value[p + 1], derivatives);
        break;
      case SERIES: series(s, entry); break;
      case PARALLEL: parallel(s, entry, derivatives); break;
    }
  }
}
