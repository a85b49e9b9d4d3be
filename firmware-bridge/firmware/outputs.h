/* Heater and cell relay: off until `outputs_set`, off for good in one call. */
#ifndef OUTPUTS_H
#define OUTPUTS_H
#include <stdbool.h>
#include <stdint.h>

void outputs_start(void);
/* duty in thousandths. Not to be called from an interrupt. */
void outputs_set(uint16_t duty, bool relay);
/* May be called from anywhere, also from an interrupt. */
void outputs_off(void);
uint16_t outputs_duty(void);
bool outputs_relay(void);
bool outputs_are_on(void);

#endif
