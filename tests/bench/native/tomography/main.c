/* PROGRAM SCAN TASK CALLS SLICE: does the task so many times, prints {"wallMs","cpuMs","slices"}
 * of one call, and writes the first slice as float32. The scan file holds, little-endian: int32
 * columns, views, grid size, 0; float64 axis; float64 angles; float32 sinogram. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tomography.h"

static void fail(const char *what, const char *which) {
  fprintf(stderr, "%s %s\n", what, which);
  exit(1);
}

void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) fail("no memory for", "the yardstick");
  return memory;
}

static void read_all(FILE *file, void *target, size_t bytes) {
  if (fread(target, 1, bytes, file) != bytes) fail("the scan is cut off:", "too few bytes");
}

static Scan read_scan(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot open the scan", path);
  int sizes[4];
  Scan scan;
  read_all(file, sizes, sizeof sizes);
  read_all(file, &scan.axis, sizeof scan.axis);
  scan.columns = sizes[0];
  scan.views = sizes[1];
  scan.grid_size = sizes[2];
  if (scan.columns < 2 || scan.views < 1) fail("no columns or views in", path);
  scan.angles = allocate(sizeof(double) * scan.views);
  scan.sinogram = allocate(sizeof(float) * scan.views * scan.columns);
  read_all(file, scan.angles, sizeof(double) * scan.views);
  read_all(file, scan.sinogram, sizeof(float) * scan.views * scan.columns);
  fclose(file);
  snprintf(scan.wisdom, sizeof scan.wisdom, "%s.wisdom", path);
  return scan;
}

static void write_slice(const char *path, const float *slice, size_t count) {
  FILE *file = fopen(path, "wb");
  if (!file) fail("cannot write", path);
  if (fwrite(slice, sizeof(float), count, file) != count) fail("cannot write all of", path);
  fclose(file);
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int count, char **words) {
  if (count != 5) fail("usage:", "PROGRAM SCAN TASK CALLS SLICE");
  Scan scan = read_scan(words[1]);
  const Task *task = find_task(words[2]);
  if (!task) fail("no such task:", words[2]);
  int calls = atoi(words[3]);
  if (calls < 1) fail("calls must be at least 1, not", words[3]);
  size_t pixels = (size_t)scan.columns * scan.columns;
  float *slices = allocate(sizeof(float) * pixels * task->slices);
  /* Plans and tables are made once, as a program with a thousand slices makes them. */
  void *state = task->prepare(&scan);
  /* The first call meets cold memory: it does not count. */
  task->reconstruct(&scan, state, slices);
  double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int call = 0; call < calls; call++) task->reconstruct(&scan, state, slices);
  wall = seconds(CLOCK_MONOTONIC) - wall;
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  write_slice(words[4], slices, pixels);
  printf("{\"wallMs\":%.6f,\"cpuMs\":%.6f,\"slices\":%d}\n", 1e3 * wall / calls, 1e3 * cpu / calls,
         task->slices);
  return 0;
}
