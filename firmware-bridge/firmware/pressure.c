/* Ratiometric transducer, 0.5 to 4.5 V of 5 V, on the analog input A0. */
#include <avr/io.h>

#include "converters.h"
#include "guard.h"
#include "protocol.h"

#define CONVERSIONS 16
/* Below 0.25 V and above 4.75 V of 5 V no sound transducer is: a lead is open or short. */
#define CODE_MIN 818
#define CODE_MAX 15549

void pressure_start(void) {
  /* 16 MHz / 128 = 125 kHz: a conversion takes 104 us. */
  ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

uint16_t analog_read(uint8_t channel) {
  ADMUX = _BV(REFS0) | channel;
  ADCSRA |= _BV(ADSC);
  while (ADCSRA & _BV(ADSC)) {
  }
  return ADC;
}

void pressure_read(struct readings *readings) {
  uint16_t sum = 0;
  for (uint8_t at = 0; at < CONVERSIONS; at++) sum += analog_read(0);
  readings->pressure = sum;
  if (sum < CODE_MIN || sum > CODE_MAX) {
    guard_saw(SENSOR_PRESSURE, TRIP_PRESSURE_FAILED);
    return;
  }
  readings->fresh |= _BV(SENSOR_PRESSURE);
  guard_saw(SENSOR_PRESSURE,
            sum > guard_limits()->pressure_max ? TRIP_PRESSURE_HIGH : TRIP_NONE);
}
