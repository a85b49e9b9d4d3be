// The native yardstick of the impedance kernel: the same tape, analytic Jacobian, amplitude
// projection and Levenberg-Marquardt as assembly/impedance, in C11, for circuits of R, C and CPE.
// It has no prior on theta: the problems it is timed on have none.
#ifndef IMPEDANCE_H
#define IMPEDANCE_H

#include <stdbool.h>

enum {
  FREQUENCIES_MAX = 1024,
  PARAMETERS_MAX = 24,
  NODES_MAX = 32,
  STARTS_MAX = 64,
  // Buffers are padded with points of no weight to whole 512-bit vectors.
  LANES = 8,
};

// A complex quantity at every frequency.
struct buffer {
  _Alignas(64) double re[FREQUENCIES_MAX];
  _Alignas(64) double im[FREQUENCIES_MAX];
};

enum kind { RESISTOR, CAPACITOR, CONSTANT_PHASE, SERIES, PARALLEL };

// One entry of the post-order tape; its parameters are first <= p < end.
struct entry {
  enum kind kind;
  int first;
  int end;
  int child_count;
  int child[NODES_MAX];
};

struct problem {
  int points;
  int padded;
  int entries;
  int parameters;
  struct entry tape[NODES_MAX];
  bool is_log[PARAMETERS_MAX];
  double impedance_power[PARAMETERS_MAX];
  double lower[PARAMETERS_MAX];
  double upper[PARAMETERS_MAX];
  double step_max[PARAMETERS_MAX];
  _Alignas(64) double omega[FREQUENCIES_MAX];
  _Alignas(64) double ln_omega[FREQUENCIES_MAX];
  _Alignas(64) double weight[FREQUENCIES_MAX];
  struct buffer measured;
  struct buffer node[NODES_MAX];
  struct buffer jacobian[PARAMETERS_MAX];
  struct buffer ratio;
  struct buffer residual;
  double normal[PARAMETERS_MAX][PARAMETERS_MAX];
  double gradient[PARAMETERS_MAX];
};

struct effort {
  int iterations_max;
  double tolerance;
};

struct minimum {
  double theta[PARAMETERS_MAX];
  double cost;
  int iterations;
};

// vector.c: loops over `count` values, a multiple of LANES.
void fill(double *target, double value, int count);
void scale(double *restrict target, const double *restrict source, double factor, int count);
void multiply(double *restrict target, const double *restrict source, int count);
void add(double *restrict target, const double *restrict source, int count);
double dot(const double *a, const double *b, int count);
void exponential(double *restrict target, const double *restrict source, double factor, int count);
double dot_complex(const struct buffer *a, const struct buffer *b, int count);

// circuit.c: Z of every node at theta, and dZ/dtheta of the whole circuit when asked.
void evaluate(struct problem *problem, const double *theta, bool derivatives);

// solver.c
// Weighted residuals and Jacobian at theta; returns the sum of squares.
double linearise(struct problem *problem, const double *theta);
// Weights the Jacobian in place and forms J'J and J'r.
void form_normal(struct problem *problem);
// Improves theta until two successive relative gains are below the tolerance.
struct minimum minimise(struct problem *problem, const double *theta, struct effort effort);

// search.c
// Scales the blocks of the outermost series to the data, in theta.
void project(struct problem *problem, double *theta);
// Short runs from every projected start, the best polished.
struct minimum search(struct problem *problem, int starts, double theta[][PARAMETERS_MAX]);

#endif
