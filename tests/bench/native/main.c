// impedance-yardstick PROBLEM pass|fit|search CALLS
// Reads a problem, does one piece of work CALLS times after a tenth as many unmeasured ones, and
// prints the time of one call and the result as a line of JSON.
#define _POSIX_C_SOURCE 200809L
#include "impedance.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct problem problem;
static double starts[STARTS_MAX][PARAMETERS_MAX];
static int start_count;
static struct effort fit_effort;

static void fail(const char *what) {
  fprintf(stderr, "impedance-yardstick: %s\n", what);
  exit(1);
}

static double number(FILE *file) {
  double value;
  if (fscanf(file, "%lf", &value) != 1) fail("the problem ends early, or a number is malformed");
  return value;
}

static int integer(FILE *file, int max) {
  double value = number(file);
  if (!(value >= 0 && value <= max)) fail("a count or index of the problem is out of range");
  return (int)value;
}

static void read_points(FILE *file) {
  problem.points = integer(file, FREQUENCIES_MAX);
  problem.padded = (problem.points + LANES - 1) / LANES * LANES;
  for (int k = 0; k < problem.padded; k++) {
    bool real = k < problem.points;
    problem.omega[k] = real ? 2 * 3.14159265358979323846 * number(file) : 1;
    problem.ln_omega[k] = log(problem.omega[k]);
    problem.measured.re[k] = real ? number(file) : 0;
    problem.measured.im[k] = real ? number(file) : 0;
    problem.weight[k] = real ? number(file) : 0;
  }
}

static enum kind read_kind(FILE *file) {
  static const char *const names[] = {"R", "C", "CPE", "series", "parallel"};
  char name[16];
  if (fscanf(file, "%15s", name) != 1) fail("the problem ends early");
  for (int kind = RESISTOR; kind <= PARALLEL; kind++) {
    if (strcmp(name, names[kind]) == 0) return (enum kind)kind;
  }
  fprintf(stderr, "impedance-yardstick: element %s is not implemented\n", name);
  exit(1);
}

static void read_circuit(FILE *file) {
  problem.entries = integer(file, NODES_MAX);
  for (int i = 0; i < problem.entries; i++) {
    struct entry *entry = &problem.tape[i];
    entry->kind = read_kind(file);
    entry->first = integer(file, PARAMETERS_MAX);
    entry->end = integer(file, PARAMETERS_MAX);
    entry->child_count = integer(file, NODES_MAX);
    for (int c = 0; c < entry->child_count; c++) entry->child[c] = integer(file, NODES_MAX - 1);
  }
  problem.parameters = integer(file, PARAMETERS_MAX);
  for (int p = 0; p < problem.parameters; p++) {
    problem.is_log[p] = integer(file, 1) == 1;
    problem.impedance_power[p] = number(file);
    problem.lower[p] = number(file);
    problem.upper[p] = number(file);
    problem.step_max[p] = number(file);
  }
}

static void read_problem(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open the problem");
  read_points(file);
  read_circuit(file);
  fit_effort.iterations_max = integer(file, 100000);
  fit_effort.tolerance = number(file);
  start_count = integer(file, STARTS_MAX);
  for (int i = 0; i < start_count; i++) {
    for (int p = 0; p < problem.parameters; p++) starts[i][p] = number(file);
  }
  fclose(file);
  if (problem.points < 1 || problem.entries < 1 || start_count < 1) fail("an empty problem");
}

static struct minimum work(const char *task) {
  if (strcmp(task, "fit") == 0) return minimise(&problem, starts[0], fit_effort);
  if (strcmp(task, "search") == 0) return search(&problem, start_count, starts);
  if (strcmp(task, "pass") != 0) fail("the task is pass, fit or search");
  struct minimum result = {.iterations = 0};
  memcpy(result.theta, starts[0], sizeof result.theta);
  result.cost = linearise(&problem, starts[0]);
  form_normal(&problem);
  return result;
}

static double milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

int main(int count, char **words) {
  if (count != 4) fail("expected PROBLEM pass|fit|search CALLS");
  read_problem(words[1]);
  int calls = atoi(words[3]);
  if (calls < 1) fail("CALLS is at least 1");
  struct minimum result = work(words[2]);
  for (int i = 1; i < calls / 10; i++) result = work(words[2]);
  double wall = milliseconds(CLOCK_MONOTONIC), cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < calls; i++) result = work(words[2]);
  wall = milliseconds(CLOCK_MONOTONIC) - wall;
  cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  printf("{\"wallMs\": %.9g, \"cpuMs\": %.9g, \"chiSquare\": %.17g, \"iterations\": %d}\n",
         wall / calls, cpu / calls, result.cost, result.iterations);
  return 0;
}
