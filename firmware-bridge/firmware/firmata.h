/* The Firmata protocol 2.6 for the pins that are free, and the messages of the board's own kind. */
#ifndef FIRMATA_H
#define FIRMATA_H
#include <stdint.h>

void firmata_start(void);
void firmata_take(uint8_t byte);
/* Pins and analog inputs that the host has asked to hear of. */
void firmata_report(void);

#endif
