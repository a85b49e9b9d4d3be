/* Air around the cell: SHT31 (Sensirion data sheet 4) on the two-wire bus. Nothing depends on it. */
#include <avr/io.h>

#include "converters.h"
#include "protocol.h"

#define ADDRESS 0x44
/* Single shot, high repeatability, no clock stretching: takes 15.5 ms at the most. */
#define MEASURE_HIGH 0x24
#define MEASURE_LOW 0x00
#define ANSWER_COUNT 6
/* Loops of about 1 us: a byte takes 90 us, and a bus that is held must not hold us. */
#define WAIT_MAX 1000
#define CRC_START_8 0xff
#define CRC_POLYNOMIAL 0x31

#define SENT_START 0x08
#define ADDRESS_WRITE_ACKNOWLEDGED 0x18
#define DATA_ACKNOWLEDGED 0x28
#define ADDRESS_READ_ACKNOWLEDGED 0x40

static bool is_asked;

void ambient_start(void) {
  /* 16 MHz / (16 + 2 * 72) = 100 kHz; the prescaler is 1 after every reset. */
  TWBR = 72;
}

static bool step(uint8_t control) {
  TWCR = _BV(TWINT) | _BV(TWEN) | control;
  for (uint16_t tries = 0; tries < WAIT_MAX; tries++) {
    if (TWCR & _BV(TWINT)) return true;
  }
  return false;
}

static bool is_now(uint8_t status) { return (TWSR & 0xf8) == status; }

static bool send(uint8_t byte, uint8_t status) {
  TWDR = byte;
  return step(0) && is_now(status);
}

static bool address(bool reads) {
  if (!step(_BV(TWSTA)) || !is_now(SENT_START)) return false;
  uint8_t status = reads ? ADDRESS_READ_ACKNOWLEDGED : ADDRESS_WRITE_ACKNOWLEDGED;
  return send(ADDRESS << 1 | reads, status);
}

static void stop(void) { TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO); }

static bool ask(void) {
  bool is_sent = address(false) && send(MEASURE_HIGH, DATA_ACKNOWLEDGED) &&
                 send(MEASURE_LOW, DATA_ACKNOWLEDGED);
  stop();
  return is_sent;
}

static bool take(uint8_t *bytes) {
  bool is_taken = address(true);
  for (uint8_t at = 0; is_taken && at < ANSWER_COUNT; at++) {
    is_taken = step(at + 1 < ANSWER_COUNT ? _BV(TWEA) : 0);
    bytes[at] = TWDR;
  }
  stop();
  return is_taken;
}

static uint8_t crc8(const uint8_t *bytes) {
  uint8_t crc = CRC_START_8;
  for (uint8_t at = 0; at < 2; at++) {
    crc ^= bytes[at];
    for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x80 ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1;
  }
  return crc;
}

void ambient_read(struct readings *readings) {
  uint8_t bytes[ANSWER_COUNT];
  bool is_sound = is_asked && take(bytes) && crc8(bytes) == bytes[2] && crc8(bytes + 3) == bytes[5];
  if (is_sound) {
    readings->ambient_temperature = (uint16_t)bytes[0] << 8 | bytes[1];
    readings->ambient_humidity = (uint16_t)bytes[3] << 8 | bytes[4];
    readings->fresh |= _BV(SENSOR_AMBIENT);
  }
  is_asked = ask();
}
