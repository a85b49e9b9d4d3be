#include "clock.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "guard.h"
#include "trigger.h"

/* 16 MHz / 64 / 250 = 1 kHz. */
#define TICKS_PER_MS 250
#define US_PER_TICK 4

static volatile uint32_t milliseconds;

void clock_start(void) {
  OCR0A = TICKS_PER_MS - 1;
  TCCR0A = _BV(WGM01);
  TCCR0B = _BV(CS01) | _BV(CS00);
  TIMSK0 = _BV(OCIE0A);
}

/* The guard runs here, so that nothing the main loop does can keep it from running. */
ISR(TIMER0_COMPA_vect) {
  milliseconds++;
  guard_tick();
  trigger_tick();
}

uint32_t clock_ms(void) {
  uint32_t now;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = milliseconds; }
  return now;
}

uint32_t clock_us_now(void) {
  uint8_t ticks = TCNT0;
  uint32_t ms = milliseconds;
  /* The counter has begun again and its interrupt has not run yet. */
  if ((TIFR0 & _BV(OCF0A)) && ticks < TICKS_PER_MS / 2) ms++;
  return ms * 1000 + (uint16_t)ticks * US_PER_TICK;
}

uint32_t clock_us(void) {
  uint32_t now;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = clock_us_now(); }
  return now;
}
