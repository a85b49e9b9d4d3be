/*
 * What switches everything off: a silent host, settings that differ, a value out of its window, a
 * sensor that says nothing, an open contact. It runs in the tick of 1 kHz and needs nothing of the
 * main loop. A trip is latched until the host clears it by name and its cause is gone.
 */
#ifndef GUARD_H
#define GUARD_H
#include <stdbool.h>
#include <stdint.h>

struct limits {
  uint16_t host_silence_ms;
  uint16_t sensor_silence_ms;
  uint16_t thermometer_min, thermometer_max;
  int32_t thermocouple_min, thermocouple_max;
  int32_t force_max;
  uint16_t pressure_max;
  uint16_t duty_max;
  uint8_t fitted;
  uint8_t guarded;
};

/* One of the SENSOR_ bits has a new value; out_of_window is 0 or the trip that it would be. */
void guard_saw(uint8_t sensor, uint8_t out_of_window);

void guard_start(uint8_t reset_cause);
void guard_tick(void);
void guard_trip(uint8_t reason);

/* Each gives 0 or a REFUSAL_. */
uint8_t guard_set_limits(const struct limits *limits, const uint8_t *payload, uint8_t count);
uint8_t guard_set_outputs(uint16_t duty, uint8_t relay, const uint8_t *payload, uint8_t count);
uint8_t guard_heartbeat(uint16_t counter, uint16_t settings_crc);
uint8_t guard_clear(uint8_t reason);

const struct limits *guard_limits(void);
uint8_t guard_state(void);
uint8_t guard_trip_reason(void);
uint32_t guard_trip_ms(void);
uint16_t guard_settings_crc(void);
uint16_t guard_heartbeats(void);
/* True once after each trip: the host is to be told. */
bool guard_has_news(void);

#endif
