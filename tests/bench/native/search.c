#include "impedance.h"
#include <math.h>
#include <stdlib.h>

enum { SWEEPS = 60, POLISHED = 3 };
static const double AMPLITUDE_MIN = 1e-4;
static const struct effort SHORT_RUN = {12, 1e-4};
static const struct effort MEDIUM_RUN = {60, 1e-6};
static const struct effort POLISH = {300, 1e-8};

struct blocks {
  int count;
  double gram[NODES_MAX][NODES_MAX];
  double right[NODES_MAX];
  double amplitude[NODES_MAX];
};

// Node of the a-th block of the outermost series.
static int block_node(const struct problem *s, int a) {
  const struct entry *root = &s->tape[s->entries - 1];
  return root->kind == SERIES ? root->child[a] : s->entries - 1;
}

static void weight_block(struct problem *s, int a) {
  struct buffer *z = &s->node[block_node(s, a)];
  multiply(z->re, s->weight, s->padded);
  multiply(z->im, s->weight, s->padded);
}

// Gram matrix of the weighted blocks; then the blocks are weighted once more, for (W W x)'z.
static void form_system(struct problem *s, struct blocks *blocks) {
  for (int a = 0; a < blocks->count; a++) weight_block(s, a);
  for (int a = 0; a < blocks->count; a++) {
    for (int b = 0; b <= a; b++) {
      const struct buffer *x = &s->node[block_node(s, a)], *y = &s->node[block_node(s, b)];
      blocks->gram[a][b] = blocks->gram[b][a] = dot_complex(x, y, s->padded);
    }
  }
  for (int a = 0; a < blocks->count; a++) {
    weight_block(s, a);
    blocks->right[a] = dot_complex(&s->node[block_node(s, a)], &s->measured, s->padded);
    blocks->amplitude[a] = 1;
  }
}

// Non-negative least squares by coordinate descent.
static void solve_non_negative(struct blocks *blocks) {
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    for (int a = 0; a < blocks->count; a++) {
      double right = blocks->right[a];
      for (int b = 0; b < blocks->count; b++) {
        if (b != a) right -= blocks->gram[a][b] * blocks->amplitude[b];
      }
      double diagonal = blocks->gram[a][a];
      double amplitude = diagonal > 0 ? right / diagonal : 1;
      blocks->amplitude[a] = amplitude > AMPLITUDE_MIN ? amplitude : AMPLITUDE_MIN;
    }
  }
}

void project(struct problem *s, double *theta) {
  const struct entry *root = &s->tape[s->entries - 1];
  struct blocks blocks = {.count = root->kind == SERIES ? root->child_count : 1};
  evaluate(s, theta, false);
  form_system(s, &blocks);
  solve_non_negative(&blocks);
  for (int a = 0; a < blocks.count; a++) {
    const struct entry *block = &s->tape[block_node(s, a)];
    double shift = log(blocks.amplitude[a]);
    for (int p = block->first; p < block->end; p++) {
      if (s->is_log[p]) theta[p] += s->impedance_power[p] * shift;
    }
  }
}

static int by_cost(const void *a, const void *b) {
  double x = ((const struct minimum *)a)->cost, y = ((const struct minimum *)b)->cost;
  return (x > y) - (x < y);
}

struct minimum search(struct problem *s, int starts, double theta[][PARAMETERS_MAX]) {
  struct minimum found[STARTS_MAX];
  for (int i = 0; i < starts; i++) {
    double start[PARAMETERS_MAX];
    for (int p = 0; p < s->parameters; p++) start[p] = theta[i][p];
    project(s, start);
    found[i] = minimise(s, start, SHORT_RUN);
  }
  qsort(found, (size_t)starts, sizeof found[0], by_cost);
  int kept = starts < POLISHED ? starts : POLISHED;
  for (int i = 0; i < kept; i++) found[i] = minimise(s, found[i].theta, MEDIUM_RUN);
  qsort(found, (size_t)kept, sizeof found[0], by_cost);
  return minimise(s, found[0].theta, POLISH);
}
