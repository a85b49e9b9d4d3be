#include "trigger.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "clock.h"
#include "message.h"
#include "protocol.h"

/* Pulse: PD5 (pin 5). The detector's own signal: PB0 (pin 8), whose change interrupts. */
#define PULSE _BV(PD5)
#define DETECTOR _BV(PB0)

static volatile uint16_t left_ms;
static volatile uint16_t edges;
static volatile uint32_t edge_us;
static volatile bool has_edge;

void trigger_start(void) {
  PORTD &= ~PULSE;
  DDRD |= PULSE;
  DDRB &= ~DETECTOR;
  PCMSK0 = _BV(PCINT0);
  PCICR = _BV(PCIE0);
}

ISR(PCINT0_vect) {
  if (!(PINB & DETECTOR)) return;
  /* Deaf until the next tick: a noisy or fast signal must not take the processor for itself. */
  PCMSK0 = 0;
  edge_us = clock_us_now();
  edges++;
  has_edge = true;
}

void trigger_tick(void) {
  PCMSK0 = _BV(PCINT0);
  if (left_ms == 0) return;
  if (--left_ms == 0) PORTD &= ~PULSE;
}

bool trigger_pulse(uint16_t number, uint16_t width_ms) {
  uint32_t at_us;
  bool is_busy = false;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    is_busy = left_ms > 0;
    if (!is_busy) {
      PORTD |= PULSE;
      at_us = clock_us_now();
      /* The tick that is about to come is not a whole millisecond. */
      left_ms = width_ms + 1;
    }
  }
  if (is_busy) return false;
  message_begin(COMMAND_TRIGGERED);
  message_add(number, 14);
  message_add(at_us, 32);
  message_send();
  return true;
}

void trigger_report(void) {
  uint32_t at_us;
  uint16_t number;
  bool is_new;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    is_new = has_edge;
    has_edge = false;
    at_us = edge_us;
    number = edges;
  }
  if (!is_new) return;
  message_begin(COMMAND_DETECTOR_EDGE);
  message_add(number, 14);
  message_add(at_us, 32);
  message_send();
}
