#include "spi.h"

#include <avr/io.h>

/* PB2 must be an output, or a low level there ends the master's role (data sheet 23.3.2). */
#define SELECT _BV(PB2)
#define DATA_OUT _BV(PB3)
#define CLOCK _BV(PB5)

void spi_start(void) {
  PORTB |= SELECT;
  DDRB |= SELECT | DATA_OUT | CLOCK;
  /* 16 MHz / 16 = 1 MHz. */
  SPCR = _BV(SPE) | _BV(MSTR) | _BV(CPHA) | _BV(SPR0);
}

/* The hardware answers after 8 clocks, whether a chip is there or not: no wait without end. */
uint8_t spi_exchange(uint8_t byte) {
  SPDR = byte;
  while (!(SPSR & _BV(SPIF))) {
  }
  return SPDR;
}
