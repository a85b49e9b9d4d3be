/* Time since the start: the tick of 1 kHz on timer 0, and microseconds between its ticks. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdint.h>

void clock_start(void);
uint32_t clock_ms(void);
/* Steps of 4 us; starts again after 71 minutes. */
uint32_t clock_us(void);
/* The same inside an interrupt. */
uint32_t clock_us_now(void);

#endif
