/* Pulses for the detector, and the moments of pulses to it and from it. */
#ifndef TRIGGER_H
#define TRIGGER_H
#include <stdbool.h>
#include <stdint.h>

void trigger_start(void);
void trigger_tick(void);
/* False while a pulse is on. The rising edge is now. */
bool trigger_pulse(uint16_t number, uint16_t width_ms);
/* Sends what has happened since the last call. */
void trigger_report(void);

#endif
