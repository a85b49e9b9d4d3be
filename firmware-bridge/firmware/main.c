/*
 * The operando board: an ATmega328P at 16 MHz between the host and what can get hot. It reads the
 * sensors, drives heater and cell relay, and switches both off by itself (guard.c) when the host
 * falls silent, a value leaves its window, or a contact opens.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "clock.h"
#include "commands.h"
#include "converters.h"
#include "firmata.h"
#include "guard.h"
#include "inputs.h"
#include "outputs.h"
#include "protocol.h"
#include "spi.h"
#include "trigger.h"
#include "uart.h"

#define STATUS_EVERY_REPORTS 10

/* Not cleared at start: written before that. */
static uint8_t reset_cause __attribute__((section(".noinit")));

/* After a watchdog reset the watchdog still runs, with its shortest time (data sheet 15.9.1). */
void keep_reset_cause(void) __attribute__((naked, used, section(".init3")));
void keep_reset_cause(void) {
  reset_cause = MCUSR;
  MCUSR = 0;
  wdt_disable();
}

static struct readings readings;

static void start(void) {
  outputs_start();
  inputs_start();
  trigger_start();
  guard_start(reset_cause);
  clock_start();
  uart_start();
  spi_start();
  thermometer_start();
  thermocouple_start();
  force_start();
  pressure_start();
  ambient_start();
  wdt_enable(WDTO_250MS);
  sei();
  firmata_start();
}

/*
 * The watchdog sees both halves of the program: this loop must come round, and the tick, which
 * holds the guard, must have run since the last time. Interrupts without end would starve the one
 * and not the other.
 */
static void feed_watchdog(void) {
  static uint8_t seen;
  uint8_t now = clock_ms();
  if (now == seen) return;
  seen = now;
  wdt_reset();
}

static void take_input(void) {
  uint8_t byte;
  while (uart_take(&byte)) firmata_take(byte);
}

static void report(void) {
  static uint8_t reports;
  thermometer_read(&readings);
  thermocouple_read(&readings);
  pressure_read(&readings);
  /* Its answer takes 15 ms, so that the one asked for in the last round is ready. */
  ambient_read(&readings);
  commands_send_readings(&readings);
  readings.fresh = 0;
  if (++reports < STATUS_EVERY_REPORTS) return;
  reports = 0;
  commands_send_status(reset_cause);
}

/* An interrupt between the question and the sleep would be slept through without this order. */
static void sleep_until_interrupt(void) {
  set_sleep_mode(SLEEP_MODE_IDLE);
  cli();
  if (uart_has_input()) {
    sei();
    return;
  }
  sleep_enable();
  sei();
  sleep_cpu();
  sleep_disable();
}

int main(void) {
  uint32_t reported_ms = 0;
  start();
  for (;;) {
    feed_watchdog();
    take_input();
    force_read(&readings);
    trigger_report();
    firmata_report();
    if (guard_has_news()) commands_send_status(reset_cause);
    if (clock_ms() - reported_ms >= BOUND_REPORT_EVERY_MS) {
      reported_ms += BOUND_REPORT_EVERY_MS;
      report();
    }
    sleep_until_interrupt();
  }
}
