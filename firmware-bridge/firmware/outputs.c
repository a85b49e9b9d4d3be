#include "outputs.h"

#include <avr/io.h>
#include <util/atomic.h>

#include "protocol.h"

/* Heater: PB1 (OC1A, pin 9). Relay: PD7 (pin 7). Both are on when high; the rig pulls them low. */
#define HEATER _BV(PB1)
#define RELAY _BV(PD7)

/* 16 MHz / 256 / 62500 = 1 Hz: a zero-crossing relay sees 100 half waves in a period. */
#define PERIOD 62500

static volatile uint16_t duty_now;
static volatile bool relay_now;

void outputs_start(void) {
  PORTB &= ~HEATER;
  PORTD &= ~RELAY;
  DDRB |= HEATER;
  DDRD |= RELAY;
  ICR1 = PERIOD - 1;
  TCCR1A = _BV(WGM11);
  TCCR1B = _BV(WGM13) | _BV(WGM12) | _BV(CS12);
}

/* A compare output of 0 would still give a spike in each period, so the pin is disconnected. */
static void connect_heater(uint16_t duty) {
  if (duty == 0) {
    TCCR1A &= ~_BV(COM1A1);
    return;
  }
  OCR1A = (uint32_t)duty * PERIOD / BOUND_DUTY_FULL - 1;
  if (TCCR1A & _BV(COM1A1)) return;
  /*
   * A new duty counts from the next period (data sheet 20.9.3), and the pin would begin with the
   * level it was disconnected at: the next period begins now.
   */
  TCNT1 = PERIOD - 1;
  TCCR1A |= _BV(COM1A1);
}

void outputs_set(uint16_t duty, bool relay) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    duty_now = duty;
    relay_now = relay;
    connect_heater(duty);
    if (relay) PORTD |= RELAY;
    else PORTD &= ~RELAY;
  }
}

void outputs_off(void) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    TCCR1A &= ~_BV(COM1A1);
    PORTB &= ~HEATER;
    PORTD &= ~RELAY;
    /* A disturbed direction register must not leave a pin floating high. */
    DDRB |= HEATER;
    DDRD |= RELAY;
    duty_now = 0;
    relay_now = false;
  }
}

uint16_t outputs_duty(void) {
  uint16_t duty;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { duty = duty_now; }
  return duty;
}

bool outputs_relay(void) { return relay_now; }

bool outputs_are_on(void) { return outputs_duty() > 0 || outputs_relay(); }
