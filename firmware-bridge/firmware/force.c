/* Load cell amplifier HX711 (Avia Semiconductor data sheet): channel A, gain 128, 10 values a second. */
#include <avr/io.h>
#include <util/atomic.h>
#include <util/delay_basic.h>

#include "converters.h"
#include "guard.h"
#include "protocol.h"

/* Clock: PC2, pin 16. Data: PC3, pin 17. */
#define CLOCK _BV(PC2)
#define DATA _BV(PC3)
#define VALUE_BITS 24
/* One clock after the value chooses channel A at gain 128 for the next. */
#define CLOCKS_AFTER 1
/* Codes at the end of the scale: the bridge is open or short. */
#define CODE_MAX 0x7fffffL
#define CODE_MIN (-0x800000L)

void force_start(void) {
  PORTC &= ~CLOCK;
  DDRC |= CLOCK;
  /* Without an amplifier the line must not look as if a value were ready (low). */
  DDRC &= ~DATA;
  PORTC |= DATA;
}

/* A clock that is high for more than 60 us would switch the amplifier off. */
static uint8_t clock_bit(void) {
  uint8_t bit;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    PORTC |= CLOCK;
    _delay_loop_1(6);
    bit = (PINC & DATA) ? 1 : 0;
    PORTC &= ~CLOCK;
  }
  _delay_loop_1(6);
  return bit;
}

void force_read(struct readings *readings) {
  if (PINC & DATA) return;
  uint32_t code = 0;
  for (uint8_t at = 0; at < VALUE_BITS; at++) code = code << 1 | clock_bit();
  for (uint8_t at = 0; at < CLOCKS_AFTER; at++) clock_bit();
  /* After the last clock the line is high until the next value; one held low is cut or short. */
  bool is_stuck = !(PINC & DATA);
  int32_t force = (int32_t)(code << 8) >> 8;
  if (is_stuck || force == CODE_MAX || force == CODE_MIN) {
    guard_saw(SENSOR_FORCE, TRIP_FORCE_FAILED);
    return;
  }
  readings->force = force;
  readings->fresh |= _BV(SENSOR_FORCE);
  guard_saw(SENSOR_FORCE, force > guard_limits()->force_max ? TRIP_FORCE_HIGH : TRIP_NONE);
}
