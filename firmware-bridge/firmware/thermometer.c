/* Platinum resistor on a MAX31865 (data sheet 19-6478). */
#include <avr/io.h>
#include <util/delay_basic.h>

#include "converters.h"
#include "guard.h"
#include "protocol.h"
#include "spi.h"

#define SELECT _BV(PB2)
#define WRITE 0x80
#define REGISTER_CONFIGURATION 0x00
#define REGISTER_COUNT 8
/* Bias on, conversions by itself, faults cleared, 50 Hz filter; two or four wires. */
#define CONFIGURATION 0xc1
#define CLEAR_FAULTS 0x02

static uint8_t exchange(uint8_t address, uint8_t *bytes, uint8_t count) {
  PORTB &= ~SELECT;
  spi_exchange(address);
  for (uint8_t at = 0; at < count; at++) bytes[at] = spi_exchange(bytes[at]);
  PORTB |= SELECT;
  return bytes[0];
}

void thermometer_start(void) {
  uint8_t configuration = CONFIGURATION | CLEAR_FAULTS;
  exchange(WRITE | REGISTER_CONFIGURATION, &configuration, 1);
}

static uint8_t judge(const struct readings *readings) {
  uint16_t code = readings->thermometer;
  if (readings->thermometer_fault) return TRIP_THERMOMETER_FAILED;
  if (code < THERMOMETER_SHORT_BELOW || code > THERMOMETER_OPEN_ABOVE) {
    return TRIP_THERMOMETER_FAILED;
  }
  if (code > guard_limits()->thermometer_max) return TRIP_TEMPERATURE_HIGH;
  if (code < guard_limits()->thermometer_min) return TRIP_TEMPERATURE_LOW;
  return TRIP_NONE;
}

void thermometer_read(struct readings *readings) {
  uint8_t registers[REGISTER_COUNT] = {0};
  exchange(REGISTER_CONFIGURATION, registers, REGISTER_COUNT);
  /* A chip that is not there, or lost its power for a moment, has another configuration. */
  if (registers[0] != CONFIGURATION) {
    thermometer_start();
    guard_saw(SENSOR_THERMOMETER, TRIP_THERMOMETER_FAILED);
    return;
  }
  uint16_t code = (uint16_t)registers[1] << 8 | registers[2];
  readings->thermometer = code >> 1;
  /* Bit 0 of the code says that the fault register (7) has something to say. */
  readings->thermometer_fault = code & 1 ? registers[7] | 1 : 0;
  uint8_t reason = judge(readings);
  if (readings->thermometer_fault) thermometer_start();
  if (reason != TRIP_THERMOMETER_FAILED) readings->fresh |= _BV(SENSOR_THERMOMETER);
  guard_saw(SENSOR_THERMOMETER, reason);
}
