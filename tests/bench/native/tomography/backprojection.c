/* Filtered back-projection, pixel-driven with linear interpolation, in tiles that stay in the
 * first-level cache; one slice, whose gathers are left to the compiler to vectorise, or eight
 * interleaved, which need none: all eight read the same detector column. */
#include <math.h>
#include <string.h>

#include "tomography.h"

enum { TILE = 64, LANES = 8 };

typedef float Lanes __attribute__((vector_size(4 * LANES), may_alias));

typedef struct {
  int filter_size;
  /* DFT of the band-limited ramp, one real value a frequency. */
  float *ramp;
  float complex *row;
  float complex *twiddles;
  /* [view, column, lane], one column more than the detector so that every pixel has a neighbour. */
  float *filtered;
} BackProjection;

/* In place, decimation in time, radix 2; `sign` is -1 forwards, 1 backwards. */
static void transform(float complex *values, const float complex *twiddles, int size, int sign) {
  for (int at = 1, reversed = 0; at < size; at++) {
    int bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (at < reversed) {
      float complex kept = values[at];
      values[at] = values[reversed];
      values[reversed] = kept;
    }
  }
  for (int span = 1; span < size; span *= 2) {
    int step = size / 2 / span;
    for (int first = 0; first < size; first += 2 * span) {
      for (int k = 0; k < span; k++) {
        float complex turn = sign < 0 ? conjf(twiddles[k * step]) : twiddles[k * step];
        float complex odd = values[first + span + k] * turn;
        values[first + span + k] = values[first + k] - odd;
        values[first + k] += odd;
      }
    }
  }
}

static void *prepare(const Scan *scan, int lanes) {
  BackProjection *made = allocate(sizeof *made);
  made->filter_size = 2;
  while (made->filter_size < 2 * scan->columns) made->filter_size *= 2;
  int size = made->filter_size;
  made->row = allocate(sizeof(float complex) * size);
  made->twiddles = allocate(sizeof(float complex) * size / 2);
  for (int k = 0; k < size / 2; k++) made->twiddles[k] = cexp(2 * M_PI * I * k / size);
  made->ramp = allocate(sizeof(float) * size);
  memset(made->row, 0, sizeof(float complex) * size);
  made->row[0] = 0.25f;
  for (int n = 1; n < size / 2; n += 2) {
    made->row[n] = made->row[size - n] = -1 / (M_PI * M_PI * n * n);
  }
  transform(made->row, made->twiddles, size, -1);
  for (int k = 0; k < size; k++) made->ramp[k] = crealf(made->row[k]) / size;
  made->filtered = allocate(sizeof(float) * lanes * scan->views * (scan->columns + 1));
  return made;
}

static void *prepare_one(const Scan *scan) { return prepare(scan, 1); }
static void *prepare_eight(const Scan *scan) { return prepare(scan, LANES); }

static void filter_views(const Scan *scan, BackProjection *made, int lanes) {
  int columns = scan->columns, size = made->filter_size;
  float scale = M_PI / scan->views;
  for (int view = 0; view < scan->views; view++) {
    const float *row = scan->sinogram + (size_t)view * columns;
    for (int k = 0; k < size; k++) made->row[k] = k < columns ? row[k] : 0;
    transform(made->row, made->twiddles, size, -1);
    for (int k = 0; k < size; k++) made->row[k] *= made->ramp[k];
    transform(made->row, made->twiddles, size, 1);
    float *target = made->filtered + (size_t)view * (columns + 1) * lanes;
    for (int k = 0; k <= columns; k++) {
      float value = crealf(made->row[k < columns ? k : columns - 1]) * scale;
      for (int lane = 0; lane < lanes; lane++) target[k * lanes + lane] = value;
    }
  }
}

/* The pixels of a row, from `*first` to before `*end`, that lie in the disc and in the tile. */
static int row_span(int columns, int row, int tile, int *first, int *end) {
  float middle = 0.5f * (columns - 1), radius = 0.5f * columns - 1;
  float square = radius * radius - (row - middle) * (row - middle);
  if (square <= 0) return 0;
  float half = sqrtf(square);
  int last = tile + TILE < columns ? tile + TILE : columns;
  *first = (int)ceilf(middle - half) > tile ? (int)ceilf(middle - half) : tile;
  *end = (int)floorf(middle + half) + 1 < last ? (int)floorf(middle + half) + 1 : last;
  return *first < *end;
}

static void add_row(float *restrict pixels, const float *restrict row, float place, float step,
                    int count) {
  for (int k = 0; k < count; k++) {
    float t = place + k * step;
    int at = (int)t;
    pixels[k] += row[at] + (t - at) * (row[at + 1] - row[at]);
  }
}

static void add_row_of_eight(Lanes *restrict pixels, const Lanes *restrict row, float place,
                             float step, int count) {
  for (int k = 0; k < count; k++) {
    float t = place + k * step;
    int at = (int)t;
    pixels[k] += row[at] + (t - at) * (row[at + 1] - row[at]);
  }
}

static void back_project(const Scan *scan, const BackProjection *made, float *slices, int lanes) {
  int columns = scan->columns;
  double middle = 0.5 * (columns - 1);
  memset(slices, 0, sizeof(float) * lanes * columns * columns);
  for (int top = 0; top < columns; top += TILE) {
    int bottom = top + TILE < columns ? top + TILE : columns;
    for (int tile = 0; tile < columns; tile += TILE) {
      for (int view = 0; view < scan->views; view++) {
        const float *row = made->filtered + (size_t)view * (columns + 1) * lanes;
        double cosine = cos(scan->angles[view]), sine = sin(scan->angles[view]);
        for (int y = top; y < bottom; y++) {
          int first, end;
          if (!row_span(columns, y, tile, &first, &end)) continue;
          float *pixels = slices + ((size_t)y * columns + first) * lanes;
          float place = scan->axis + (first - middle) * cosine + (y - middle) * sine;
          if (lanes == 1) add_row(pixels, row, place, cosine, end - first);
          else add_row_of_eight((Lanes *)pixels, (const Lanes *)row, place, cosine, end - first);
        }
      }
    }
  }
}

static void reconstruct_one(const Scan *scan, void *state, float *slices) {
  filter_views(scan, state, 1);
  back_project(scan, state, slices, 1);
}

/* The slices stay interleaved: the first lane of each pixel is the first slice. */
static void reconstruct_eight(const Scan *scan, void *state, float *slices) {
  filter_views(scan, state, LANES);
  back_project(scan, state, slices, LANES);
  size_t pixels = (size_t)scan->columns * scan->columns;
  for (size_t at = 0; at < pixels; at++) slices[at] = slices[LANES * at];
}

const Task back_projection_one = {"back-projection", 1, prepare_one, reconstruct_one};
const Task back_projection_eight = {"back-projection-8", LANES, prepare_eight, reconstruct_eight};
