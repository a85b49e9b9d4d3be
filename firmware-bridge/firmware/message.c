#include "message.h"

#include <util/crc16.h>

#include "uart.h"

#define START_SYSEX 0xf0
#define END_SYSEX 0xf7
#define GROUP_BITS 7
#define GROUP_MASK 0x7f
#define CRC_BITS 16
#define CRC_GROUPS 3
#define LENGTH_MAX 64
#define COUNT_MAX 0x3fff

static uint8_t message[LENGTH_MAX];
static uint8_t length;
static uint16_t dropped;

uint16_t crc16(uint16_t crc, const uint8_t *bytes, uint8_t count) {
  while (count--) crc = _crc_xmodem_update(crc, *bytes++);
  return crc;
}

void message_begin(uint8_t command) {
  message[0] = START_SYSEX;
  message[1] = command;
  length = 2;
}

void message_add(uint32_t value, uint8_t bits) {
  for (uint8_t done = 0; done < bits; done += GROUP_BITS) {
    message[length++] = value & GROUP_MASK;
    value >>= GROUP_BITS;
  }
}

void message_send(void) {
  message_add(crc16(CRC_START, message + 1, length - 1), CRC_BITS);
  message[length++] = END_SYSEX;
  if (!uart_send(message, length)) message_count_dropped();
}

void message_count_dropped(void) {
  if (dropped < COUNT_MAX) dropped++;
}

uint16_t message_dropped(void) { return dropped; }

uint32_t read_bits(struct reader *reader, uint8_t bits) {
  uint32_t value = 0;
  for (uint8_t shift = 0; shift < bits; shift += GROUP_BITS) {
    value |= (uint32_t)*reader->at++ << shift;
  }
  return value;
}

int32_t read_signed_bits(struct reader *reader, uint8_t bits) {
  uint32_t value = read_bits(reader, bits);
  uint32_t sign = 1UL << (bits - 1);
  return (int32_t)((value ^ sign) - sign);
}

bool message_is_sound(const uint8_t *bytes, uint8_t count) {
  if (count < 1 + CRC_GROUPS) return false;
  struct reader reader = {bytes + count - CRC_GROUPS};
  return read_bits(&reader, CRC_BITS) == crc16(CRC_START, bytes, count - CRC_GROUPS);
}
