// Levenberg-Marquardt with Marquardt scaling, Nielsen's damping (K. Madsen, H. B. Nielsen,
// O. Tingleff, Methods for non-linear least squares problems, 2004, section 3.2), bounds by an
// active set, and limited steps: the rules and constants of assembly/impedance/solver.ts.
#include "impedance.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const double DAMPING_START = 1e-2;
static const double DAMPING_MIN = 1e-10;
static const double DAMPING_MAX = 1e10;
static const double COLUMN_FLOOR = 1e-12;
static const double COST_FLOOR_PER_POINT = 1e-26;

// The state of one step.
struct step {
  bool is_free[PARAMETERS_MAX];
  double scale[PARAMETERS_MAX];
  double factor[PARAMETERS_MAX][PARAMETERS_MAX];
  double scaled[PARAMETERS_MAX];
  double trial[PARAMETERS_MAX];
};

static void weighted_difference(double *restrict target, const double *restrict measured,
                                const double *restrict model, const double *restrict weight,
                                int count) {
  for (int k = 0; k < count; k++) target[k] = (measured[k] - model[k]) * weight[k];
}

double linearise(struct problem *s, const double *theta) {
  evaluate(s, theta, true);
  const struct buffer *z = &s->node[s->entries - 1];
  weighted_difference(s->residual.re, s->measured.re, z->re, s->weight, s->padded);
  weighted_difference(s->residual.im, s->measured.im, z->im, s->weight, s->padded);
  return dot_complex(&s->residual, &s->residual, s->padded);
}

void form_normal(struct problem *s) {
  for (int p = 0; p < s->parameters; p++) {
    struct buffer *j = &s->jacobian[p];
    multiply(j->re, s->weight, s->padded);
    multiply(j->im, s->weight, s->padded);
    s->gradient[p] = dot_complex(j, &s->residual, s->padded);
    for (int q = 0; q <= p; q++) s->normal[p][q] = dot_complex(j, &s->jacobian[q], s->padded);
  }
}

static void clamp(const struct problem *s, double *theta) {
  for (int p = 0; p < s->parameters; p++) {
    theta[p] = fmin(fmax(theta[p], s->lower[p]), s->upper[p]);
  }
}

// Holds a parameter that sits at a bound and is pushed outward.
static void choose_free(const struct problem *s, const struct minimum *at, struct step *step) {
  for (int p = 0; p < s->parameters; p++) {
    double t = at->theta[p], g = s->gradient[p];
    step->is_free[p] = !((t >= s->upper[p] && g > 0) || (t <= s->lower[p] && g < 0));
    step->scale[p] = 1 / sqrt(fmax(s->normal[p][p], COLUMN_FLOOR * at->cost));
  }
}

// Cholesky factor of the scaled, damped normal matrix.
static bool factorise(const struct problem *s, double damping, struct step *step) {
  for (int i = 0; i < s->parameters; i++) {
    for (int j = 0; j <= i; j++) {
      bool both_free = step->is_free[i] && step->is_free[j];
      double own = s->normal[i][j] * step->scale[i] * step->scale[j];
      double sum = i == j ? (both_free ? own + damping : 1) : (both_free ? own : 0);
      for (int k = 0; k < j; k++) sum -= step->factor[i][k] * step->factor[j][k];
      if (i == j && !(sum > 0)) return false;
      step->factor[i][j] = i == j ? sqrt(sum) : sum / step->factor[j][j];
    }
  }
  return true;
}

static void solve(const struct problem *s, struct step *step) {
  int n = s->parameters;
  for (int i = 0; i < n; i++) {
    double sum = step->is_free[i] ? s->gradient[i] * step->scale[i] : 0;
    for (int k = 0; k < i; k++) sum -= step->factor[i][k] * step->scaled[k];
    step->scaled[i] = sum / step->factor[i][i];
  }
  for (int i = n - 1; i >= 0; i--) {
    double sum = step->scaled[i];
    for (int k = i + 1; k < n; k++) sum -= step->factor[k][i] * step->scaled[k];
    step->scaled[i] = sum / step->factor[i][i];
  }
}

// Writes the trial, shortened so that no parameter moves beyond its limit; returns the gain the
// linear model predicts.
static double take_step(const struct problem *s, const double *theta, double damping,
                        struct step *step) {
  double share = 1, gd = 0, dd = 0;
  for (int p = 0; p < s->parameters; p++) {
    double d = step->scaled[p];
    if (step->is_free[p]) {
      gd += s->gradient[p] * step->scale[p] * d;
      dd += d * d;
    }
    double moved = fabs(d * step->scale[p]);
    if (moved * share > s->step_max[p]) share = s->step_max[p] / moved;
  }
  for (int p = 0; p < s->parameters; p++) {
    step->trial[p] = theta[p] + share * step->scaled[p] * step->scale[p];
  }
  clamp(s, step->trial);
  return 2 * share * gd - share * share * (gd - damping * dd);
}

struct minimum minimise(struct problem *s, const double *theta, struct effort effort) {
  struct minimum best = {.iterations = 0};
  struct step step = {0};
  size_t bytes = (size_t)s->parameters * sizeof(double);
  memcpy(best.theta, theta, bytes);
  clamp(s, best.theta);
  best.cost = linearise(s, best.theta);
  form_normal(s);
  double damping = DAMPING_START, growth = 2;
  int small_gains = 0;
  while (best.iterations < effort.iterations_max) {
    if (best.cost <= COST_FLOOR_PER_POINT * s->points) break;
    best.iterations++;
    choose_free(s, &best, &step);
    if (factorise(s, damping, &step)) {
      solve(s, &step);
      double predicted = take_step(s, best.theta, damping, &step);
      double trial_cost = linearise(s, step.trial);
      if (trial_cost < best.cost) {
        double gained = best.cost - trial_cost;
        double gain = gained / best.cost;
        double quality = 2 * fmin(1, gained / fmax(predicted, DBL_MIN)) - 1;
        memcpy(best.theta, step.trial, bytes);
        best.cost = trial_cost;
        form_normal(s);
        damping = fmax(DAMPING_MIN, damping * fmax(0.2, 1 - quality * quality * quality));
        growth = 2;
        small_gains = gain < effort.tolerance ? small_gains + 1 : 0;
        if (small_gains >= 2) break;
        continue;
      }
      if (predicted < 0.1 * effort.tolerance * best.cost) break;
    }
    damping *= growth;
    growth *= 2;
    if (damping > DAMPING_MAX) break;
  }
  return best;
}
