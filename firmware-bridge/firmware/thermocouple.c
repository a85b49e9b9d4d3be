/* Thermocouple, type K, on a MAX31856 (data sheet 19-7534). */
#include <avr/io.h>

#include "converters.h"
#include "guard.h"
#include "protocol.h"
#include "spi.h"

/* PC1, pin 15. */
#define SELECT _BV(PC1)
#define WRITE 0x80
#define REGISTER_CONFIGURATION_0 0x00
#define REGISTER_COLD_JUNCTION 0x0a
/* Conversions by itself, open-circuit detection for leads below 5 kilo-ohm, 50 Hz filter. */
#define CONFIGURATION_0 0x91
/* No averaging; type K. */
#define CONFIGURATION_1 0x03

static void write_register(uint8_t address, uint8_t value) {
  PORTC &= ~SELECT;
  spi_exchange(WRITE | address);
  spi_exchange(value);
  PORTC |= SELECT;
}

static void read_registers(uint8_t address, uint8_t *values, uint8_t count) {
  PORTC &= ~SELECT;
  spi_exchange(address);
  while (count--) *values++ = spi_exchange(0);
  PORTC |= SELECT;
}

static void configure(void) {
  write_register(REGISTER_CONFIGURATION_0, CONFIGURATION_0);
  write_register(REGISTER_CONFIGURATION_0 + 1, CONFIGURATION_1);
}

void thermocouple_start(void) {
  PORTC |= SELECT;
  DDRC |= SELECT;
  configure();
}

static uint8_t judge(const struct readings *readings) {
  if (readings->thermocouple_fault) return TRIP_THERMOCOUPLE_FAILED;
  if (readings->thermocouple > guard_limits()->thermocouple_max) return TRIP_THERMOCOUPLE_HIGH;
  if (readings->thermocouple < guard_limits()->thermocouple_min) return TRIP_THERMOCOUPLE_LOW;
  return TRIP_NONE;
}

void thermocouple_read(struct readings *readings) {
  uint8_t configuration[2];
  read_registers(REGISTER_CONFIGURATION_0, configuration, 2);
  if (configuration[0] != CONFIGURATION_0 || configuration[1] != CONFIGURATION_1) {
    configure();
    guard_saw(SENSOR_THERMOCOUPLE, TRIP_THERMOCOUPLE_FAILED);
    return;
  }
  /* Cold junction: 14 bits, left-justified. Thermocouple: 19 bits, left-justified. Faults. */
  uint8_t values[6];
  read_registers(REGISTER_COLD_JUNCTION, values, 6);
  readings->cold_junction = (int16_t)((uint16_t)values[0] << 8 | values[1]) >> 2;
  uint32_t code = (uint32_t)values[2] << 24 | (uint32_t)values[3] << 16 | (uint32_t)values[4] << 8;
  readings->thermocouple = (int32_t)code >> 13;
  readings->thermocouple_fault = values[5];
  uint8_t reason = judge(readings);
  if (reason != TRIP_THERMOCOUPLE_FAILED) readings->fresh |= _BV(SENSOR_THERMOCOUPLE);
  guard_saw(SENSOR_THERMOCOUPLE, reason);
}
