#include "inputs.h"

#include <avr/io.h>

#include "protocol.h"

/* Pins 2 to 4, with pull-ups: a cut cable reads as an open contact. */
#define FIRST PIN_EMERGENCY_STOP
#define COUNT 3
#define MASK ((uint8_t)(((1 << COUNT) - 1) << FIRST))

static volatile uint8_t open_contacts = (1 << COUNT) - 1;
static uint8_t steady_ms[COUNT];

void inputs_start(void) {
  DDRD &= ~MASK;
  PORTD |= MASK;
}

void inputs_tick(void) {
  uint8_t now = (PIND & MASK) >> FIRST;
  for (uint8_t at = 0; at < COUNT; at++) {
    uint8_t bit = 1 << at;
    if ((now & bit) == (open_contacts & bit)) steady_ms[at] = 0;
    else if (++steady_ms[at] >= BOUND_DEBOUNCE_MS) {
      open_contacts ^= bit;
      steady_ms[at] = 0;
    }
  }
}

uint8_t inputs_open(void) { return open_contacts; }
