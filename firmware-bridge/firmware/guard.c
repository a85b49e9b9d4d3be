#include "guard.h"

#include <avr/io.h>
#include <util/atomic.h>

#include "clock.h"
#include "inputs.h"
#include "message.h"
#include "outputs.h"
#include "protocol.h"

#define COUNT_MAX 0x3fff
#define SENSOR_COUNT 4

/* How long ago the host was heard; beyond all limits until it is. */
#define NEVER 0xffff

static const uint8_t sensor_failed[SENSOR_COUNT] = {
    TRIP_THERMOMETER_FAILED,
    TRIP_THERMOCOUPLE_FAILED,
    TRIP_FORCE_FAILED,
    TRIP_PRESSURE_FAILED,
};

static struct limits limits;
static volatile bool has_limits;
static uint16_t limits_crc, settings_crc;

static volatile uint8_t trip;
static volatile uint32_t trip_ms;
static volatile bool has_news;

static volatile uint16_t host_silent_ms = NEVER;
static uint16_t last_counter;
static uint8_t differences;
static uint16_t heartbeats;

static volatile uint16_t sensor_silent_ms[SENSOR_COUNT] = {NEVER, NEVER, NEVER, NEVER};
static uint8_t strikes[SENSOR_COUNT];
static volatile uint8_t out_of_window[SENSOR_COUNT];

/* The reset that started the program is itself a trip: nothing goes on by itself after it. */
void guard_start(uint8_t reset_cause) {
  if (reset_cause & _BV(WDRF)) guard_trip(TRIP_WATCHDOG);
  else if (reset_cause & _BV(BORF) && !(reset_cause & _BV(PORF))) guard_trip(TRIP_BROWN_OUT);
  else if (reset_cause & _BV(EXTRF)) guard_trip(TRIP_EXTERNAL_RESET);
  else guard_trip(TRIP_POWER_ON);
}

void guard_trip(uint8_t reason) {
  outputs_off();
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    if (trip == TRIP_NONE) {
      trip = reason;
      trip_ms = clock_ms();
      has_news = true;
    }
    has_limits = false;
  }
}

/* What is wrong now, the gravest first; TRIP_NONE when nothing is. */
static uint8_t present_reason(void) {
  uint8_t open = inputs_open() & limits.guarded;
  if (open & _BV(INPUT_EMERGENCY_STOP)) return TRIP_EMERGENCY_STOP;
  if (open & _BV(INPUT_GAS)) return TRIP_GAS;
  if (open & _BV(INPUT_DOOR)) return TRIP_DOOR;
  for (uint8_t sensor = 0; sensor < SENSOR_COUNT; sensor++) {
    if (!(limits.fitted & _BV(sensor))) continue;
    if (sensor_silent_ms[sensor] >= limits.sensor_silence_ms) return sensor_failed[sensor];
    if (out_of_window[sensor]) return out_of_window[sensor];
  }
  return TRIP_NONE;
}

static void count_up(volatile uint16_t *ms) {
  if (*ms < NEVER) (*ms)++;
}

void guard_tick(void) {
  inputs_tick();
  count_up(&host_silent_ms);
  for (uint8_t sensor = 0; sensor < SENSOR_COUNT; sensor++) count_up(&sensor_silent_ms[sensor]);
  /* Every tick again: a pin that something else has set is low a millisecond later. */
  if (!outputs_are_on()) outputs_off();
  if (trip != TRIP_NONE) return;
  if (!has_limits) {
    /* Nobody switches anything on without limits; what is on all the same is nobody's will. */
    if (outputs_are_on()) guard_trip(TRIP_SETTINGS_DIFFER);
    return;
  }
  if (host_silent_ms >= limits.host_silence_ms) {
    if (outputs_are_on()) guard_trip(TRIP_HOST_SILENT);
    /* With nothing switched on there is nothing to latch; the host begins from the limits again. */
    else has_limits = false;
    return;
  }
  uint8_t reason = present_reason();
  if (reason != TRIP_NONE && outputs_are_on()) guard_trip(reason);
}

void guard_saw(uint8_t sensor, uint8_t reason) {
  if (reason == TRIP_NONE) strikes[sensor] = 0;
  else if (strikes[sensor] < BOUND_STRIKES_MAX) strikes[sensor]++;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    sensor_silent_ms[sensor] = 0;
    out_of_window[sensor] = strikes[sensor] >= BOUND_STRIKES_MAX ? reason : TRIP_NONE;
  }
}

static bool is_between(uint16_t value, uint16_t low, uint16_t high) {
  return value >= low && value <= high;
}

uint8_t guard_set_limits(const struct limits *wanted, const uint8_t *payload, uint8_t count) {
  if (trip != TRIP_NONE) return REFUSAL_TRIPPED;
  if (outputs_are_on()) return REFUSAL_OUTPUTS_ON;
  if (!is_between(wanted->host_silence_ms, BOUND_HOST_SILENCE_MS_MIN, BOUND_HOST_SILENCE_MS_MAX) ||
      !is_between(wanted->sensor_silence_ms, BOUND_SENSOR_SILENCE_MS_MIN,
                  BOUND_SENSOR_SILENCE_MS_MAX) ||
      wanted->duty_max > BOUND_DUTY_FULL || wanted->thermometer_min > wanted->thermometer_max ||
      wanted->thermocouple_min > wanted->thermocouple_max) {
    return REFUSAL_OUT_OF_RANGE;
  }
  uint16_t crc = crc16(CRC_START, payload, count);
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    limits = *wanted;
    has_limits = true;
    limits_crc = crc;
    settings_crc = crc;
    differences = 0;
    /* The host has spoken; its heartbeat has as long to follow. */
    host_silent_ms = 0;
  }
  /* Nothing is switched on before each sensor was seen once, and the first value decides. */
  for (uint8_t sensor = 0; sensor < SENSOR_COUNT; sensor++) {
    strikes[sensor] = BOUND_STRIKES_MAX - 1;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { sensor_silent_ms[sensor] = NEVER; }
  }
  return 0;
}

static bool has_thermometer(void) {
  return limits.fitted & (_BV(SENSOR_THERMOMETER) | _BV(SENSOR_THERMOCOUPLE));
}

uint8_t guard_set_outputs(uint16_t duty, uint8_t relay, const uint8_t *payload, uint8_t count) {
  if (trip != TRIP_NONE) return REFUSAL_TRIPPED;
  /* Without limits the board does not know what is out of range: the same answer as below. */
  if (!has_limits) return REFUSAL_NO_LIMITS;
  if (duty > limits.duty_max || relay > 1) return REFUSAL_OUT_OF_RANGE;
  if (duty > 0 && !has_thermometer()) return REFUSAL_NO_THERMOMETER;
  uint16_t crc = crc16(limits_crc, payload, count);
  uint8_t refusal = 0;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    /* What the tick counts and decides is looked at, and acted on, between two ticks. */
    if (trip != TRIP_NONE) {
      refusal = REFUSAL_TRIPPED;
    } else if (!has_limits) {
      refusal = REFUSAL_NO_LIMITS;
    } else if ((duty > 0 || relay) && present_reason() != TRIP_NONE) {
      refusal = REFUSAL_CONDITION_PERSISTS;
    } else {
      settings_crc = crc;
      differences = 0;
      outputs_set(duty, relay);
    }
  }
  return refusal;
}

uint8_t guard_heartbeat(uint16_t counter, uint16_t host_crc) {
  /* The same counter again is not a sign of life: a buffer may repeat what it holds. */
  if (counter == last_counter && heartbeats > 0) return REFUSAL_DAMAGED;
  last_counter = counter;
  if (heartbeats < COUNT_MAX) heartbeats++;
  if (!has_limits) return trip == TRIP_NONE ? REFUSAL_NO_LIMITS : 0;
  if (host_crc == settings_crc) {
    differences = 0;
  } else if (++differences >= BOUND_DIFFERENCES_MAX) {
    differences = 0;
    if (outputs_are_on()) guard_trip(TRIP_SETTINGS_DIFFER);
    else has_limits = false;
    return 0;
  }
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { host_silent_ms = 0; }
  return 0;
}

/* Limits went with the trip, so the contacts alone are asked: values are judged again later. */
uint8_t guard_clear(uint8_t reason) {
  if (trip == TRIP_NONE || reason != trip) return REFUSAL_NOT_THE_REASON;
  uint8_t open = inputs_open() & limits.guarded;
  if (open) return REFUSAL_CONDITION_PERSISTS;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    trip = TRIP_NONE;
    outputs_off();
    has_limits = false;
    has_news = true;
  }
  return 0;
}

const struct limits *guard_limits(void) { return &limits; }

uint8_t guard_state(void) {
  if (trip != TRIP_NONE) return STATE_TRIPPED;
  return outputs_are_on() ? STATE_ENERGISED : STATE_IDLE;
}

uint8_t guard_trip_reason(void) { return trip; }

uint32_t guard_trip_ms(void) {
  uint32_t ms;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { ms = trip_ms; }
  return ms;
}

uint16_t guard_settings_crc(void) { return settings_crc; }

uint16_t guard_heartbeats(void) { return heartbeats; }

bool guard_has_news(void) {
  bool news;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    news = has_news;
    has_news = false;
  }
  return news;
}
