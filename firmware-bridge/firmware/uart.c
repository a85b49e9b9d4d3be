#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#ifndef BAUD
#define BAUD 57600UL
#endif

#define COUNT_MAX 0x3fff
/* Sizes are powers of two, so that an index wraps by a mask. */
#define INPUT_SIZE 128
#define OUTPUT_SIZE 256

static volatile uint8_t input[INPUT_SIZE];
static volatile uint8_t input_head, input_tail;
static volatile uint8_t output[OUTPUT_SIZE];
static volatile uint8_t output_head, output_tail;
static volatile uint16_t overruns;

void uart_start(void) {
  UBRR0 = (F_CPU / 8 + BAUD / 2) / BAUD - 1;
  UCSR0A = _BV(U2X0);
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(USART_RX_vect) {
  bool is_lost = UCSR0A & _BV(DOR0);
  uint8_t byte = UDR0;
  uint8_t next = (input_head + 1) & (INPUT_SIZE - 1);
  if (next == input_tail) {
    is_lost = true;
  } else {
    input[input_head] = byte;
    input_head = next;
  }
  if (is_lost && overruns < COUNT_MAX) overruns++;
}

ISR(USART_UDRE_vect) {
  /* The byte goes first: a disabled interrupt must not leave an empty register behind. */
  UDR0 = output[output_tail];
  output_tail++;
  if (output_head == output_tail) UCSR0B &= ~_BV(UDRIE0);
}

bool uart_has_input(void) { return input_head != input_tail; }

bool uart_take(uint8_t *byte) {
  if (!uart_has_input()) return false;
  *byte = input[input_tail];
  input_tail = (input_tail + 1) & (INPUT_SIZE - 1);
  return true;
}

/* It only grows until something is sent: the interrupt takes away and adds nothing. */
bool uart_has_room(uint8_t count) { return count <= (uint8_t)(output_tail - output_head - 1); }

bool uart_send(const uint8_t *bytes, uint8_t count) {
  if (!uart_has_room(count)) return false;
  uint8_t head = output_head;
  while (count--) output[head++] = *bytes++;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    output_head = head;
    UCSR0B |= _BV(UDRIE0);
  }
  return true;
}

uint16_t uart_overruns(void) {
  uint16_t count;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = overruns; }
  return count;
}
