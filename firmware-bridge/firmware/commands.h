/* The host's messages of the board's own kind, and the board's own reports. */
#ifndef COMMANDS_H
#define COMMANDS_H
#include <stdint.h>

struct readings;

/* bytes: command, payload, check sum, without the marks of the sysex. */
void commands_take(const uint8_t *bytes, uint8_t count);
void commands_refuse_damaged(uint8_t command);

void commands_send_status(uint8_t reset_cause);
void commands_send_readings(const struct readings *readings);

#endif
