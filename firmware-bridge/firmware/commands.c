#include "commands.h"

#include <stdbool.h>

#include "clock.h"
#include "converters.h"
#include "guard.h"
#include "inputs.h"
#include "message.h"
#include "outputs.h"
#include "protocol.h"
#include "trigger.h"
#include "uart.h"

#define COUNT_MAX 0x3fff
#define CRC_GROUPS 3

static uint16_t damaged, sequence;
static uint8_t cause_of_reset;

static void refuse(uint8_t command, uint8_t reason) {
  message_begin(COMMAND_REFUSED);
  message_add(command, 7);
  message_add(reason, 7);
  message_send();
}

void commands_refuse_damaged(uint8_t command) {
  if (damaged < COUNT_MAX) damaged++;
  refuse(command, REFUSAL_DAMAGED);
}

static uint8_t set_limits(const uint8_t *payload, uint8_t count) {
  struct reader reader = {payload};
  struct limits wanted;
  wanted.host_silence_ms = read_bits(&reader, 14);
  wanted.sensor_silence_ms = read_bits(&reader, 14);
  wanted.thermometer_min = read_bits(&reader, 16);
  wanted.thermometer_max = read_bits(&reader, 16);
  wanted.thermocouple_min = read_signed_bits(&reader, 28);
  wanted.thermocouple_max = read_signed_bits(&reader, 28);
  wanted.force_max = read_signed_bits(&reader, 28);
  wanted.pressure_max = read_bits(&reader, 14);
  wanted.duty_max = read_bits(&reader, 14);
  wanted.fitted = read_bits(&reader, 7);
  wanted.guarded = read_bits(&reader, 7);
  return guard_set_limits(&wanted, payload, count);
}

static uint8_t set_outputs(const uint8_t *payload, uint8_t count) {
  struct reader reader = {payload};
  uint16_t duty = read_bits(&reader, 14);
  uint8_t relay = read_bits(&reader, 7);
  return guard_set_outputs(duty, relay, payload, count);
}

static uint8_t heartbeat(const uint8_t *payload) {
  struct reader reader = {payload};
  uint16_t counter = read_bits(&reader, 14);
  return guard_heartbeat(counter, read_bits(&reader, 16));
}

static uint8_t pulse(const uint8_t *payload) {
  struct reader reader = {payload};
  uint16_t number = read_bits(&reader, 14);
  uint16_t width_ms = read_bits(&reader, 14);
  if (width_ms == 0 || width_ms > BOUND_TRIGGER_MS_MAX) return REFUSAL_OUT_OF_RANGE;
  return trigger_pulse(number, width_ms) ? 0 : REFUSAL_BUSY;
}

static void send_time(const uint8_t *payload) {
  uint32_t now_us = clock_us();
  struct reader reader = {payload};
  message_begin(COMMAND_TIME);
  message_add(read_bits(&reader, 14), 14);
  message_add(now_us, 32);
  message_send();
}

static uint8_t payload_length(uint8_t command) {
  switch (command) {
    case COMMAND_HEARTBEAT: return LENGTH_HEARTBEAT;
    case COMMAND_SET_LIMITS: return LENGTH_SET_LIMITS;
    case COMMAND_SET_OUTPUTS: return LENGTH_SET_OUTPUTS;
    case COMMAND_CLEAR_TRIP: return LENGTH_CLEAR_TRIP;
    case COMMAND_TRIGGER: return LENGTH_TRIGGER;
    case COMMAND_ASK_TIME: return LENGTH_ASK_TIME;
    default: return 0;
  }
}

void commands_take(const uint8_t *bytes, uint8_t count) {
  uint8_t command = bytes[0];
  const uint8_t *payload = bytes + 1;
  uint8_t length = count - 1 - CRC_GROUPS;
  if (!message_is_sound(bytes, count) || length != payload_length(command)) {
    commands_refuse_damaged(command);
    return;
  }
  uint8_t refusal = 0;
  switch (command) {
    case COMMAND_HEARTBEAT: refusal = heartbeat(payload); break;
    case COMMAND_SET_LIMITS: refusal = set_limits(payload, length); break;
    case COMMAND_SET_OUTPUTS: refusal = set_outputs(payload, length); break;
    case COMMAND_CLEAR_TRIP: refusal = guard_clear(payload[0]); break;
    case COMMAND_TRIGGER: refusal = pulse(payload); break;
    case COMMAND_ASK_TIME: send_time(payload); return;
    case COMMAND_ASK_STATUS: break;
    default: refusal = REFUSAL_OUT_OF_RANGE;
  }
  if (refusal) refuse(command, refusal);
  /* What was asked for is answered by what is so now. */
  if (command != COMMAND_HEARTBEAT && command != COMMAND_TRIGGER) {
    commands_send_status(cause_of_reset);
  }
}

void commands_send_status(uint8_t reset_cause) {
  cause_of_reset = reset_cause;
  message_begin(COMMAND_STATUS);
  message_add(PROTOCOL_VERSION, 7);
  message_add(guard_state(), 7);
  message_add(guard_trip_reason(), 7);
  message_add(guard_trip_ms(), 32);
  message_add(clock_ms(), 32);
  message_add(reset_cause, 7);
  message_add(guard_settings_crc(), 16);
  message_add(outputs_duty(), 14);
  message_add(outputs_relay(), 7);
  message_add(guard_heartbeats(), 14);
  message_add(damaged, 14);
  message_add(uart_overruns(), 14);
  message_add(message_dropped(), 14);
  message_send();
}

void commands_send_readings(const struct readings *readings) {
  message_begin(COMMAND_SENSORS);
  message_add(sequence++ & COUNT_MAX, 14);
  message_add(clock_ms(), 32);
  message_add(readings->thermometer, 16);
  message_add(readings->thermometer_fault, 14);
  message_add(readings->thermocouple, 28);
  message_add(readings->cold_junction, 28);
  message_add(readings->thermocouple_fault, 14);
  message_add(readings->force, 28);
  message_add(readings->pressure, 14);
  message_add(readings->ambient_temperature, 16);
  message_add(readings->ambient_humidity, 16);
  message_add(inputs_open(), 7);
  message_add(readings->fresh, 7);
  message_send();
}
