/* Bytes to and from the host. Nothing here waits: what does not fit is dropped and counted. */
#ifndef UART_H
#define UART_H
#include <stdbool.h>
#include <stdint.h>

void uart_start(void);
bool uart_take(uint8_t *byte);
bool uart_has_input(void);
/* All of a message or nothing of it. */
bool uart_send(const uint8_t *bytes, uint8_t count);
bool uart_has_room(uint8_t count);
/* Bytes lost because the main loop was too slow; stops at its greatest value. */
uint16_t uart_overruns(void);

#endif
