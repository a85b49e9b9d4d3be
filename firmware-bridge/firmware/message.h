/* Messages of the board's own kind: fields of seven-bit groups and a check sum. */
#ifndef MESSAGE_H
#define MESSAGE_H
#include <stdbool.h>
#include <stdint.h>

/* CRC-16/CCITT-FALSE: begins with CRC_START. */
#define CRC_START 0xffff
uint16_t crc16(uint16_t crc, const uint8_t *bytes, uint8_t count);

/* One message at a time is put together; `message_send` drops it, and counts, if it has no room. */
void message_begin(uint8_t command);
void message_add(uint32_t value, uint8_t bits);
void message_send(void);
uint16_t message_dropped(void);
/* One of another kind, too, that had no room. */
void message_count_dropped(void);

/* Reads fields of a payload one after the other. */
struct reader {
  const uint8_t *at;
};
uint32_t read_bits(struct reader *reader, uint8_t bits);
int32_t read_signed_bits(struct reader *reader, uint8_t bits);

/* True when the last three groups are the check sum of what is before them. */
bool message_is_sound(const uint8_t *bytes, uint8_t count);

#endif
