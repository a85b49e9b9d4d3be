/* Contacts that close while all is well: emergency stop loop, door, gas alarm. */
#ifndef INPUTS_H
#define INPUTS_H
#include <stdint.h>

void inputs_start(void);
/* Once a millisecond. */
void inputs_tick(void);
/* Bits of INPUT_: open contacts, debounced. */
uint8_t inputs_open(void);

#endif
