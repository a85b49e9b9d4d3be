/*
 * The converters on the board. Each is read about ten times a second; what they say is kept as
 * raw codes, judged against the limits, and reported.
 */
#ifndef CONVERTERS_H
#define CONVERTERS_H
#include <stdbool.h>
#include <stdint.h>

struct readings {
  uint16_t thermometer;
  uint8_t thermometer_fault;
  int32_t thermocouple;
  int32_t cold_junction;
  uint8_t thermocouple_fault;
  int32_t force;
  uint16_t pressure;
  uint16_t ambient_temperature;
  uint16_t ambient_humidity;
  /* Bits of SENSOR_: new and sound since the last report. */
  uint8_t fresh;
};

/* MAX31865. */
void thermometer_start(void);
void thermometer_read(struct readings *readings);
/* MAX31856. */
void thermocouple_start(void);
void thermocouple_read(struct readings *readings);
/* HX711: reads when it has a value. */
void force_start(void);
void force_read(struct readings *readings);
/* 0.5 to 4.5 V transducer. */
void pressure_start(void);
void pressure_read(struct readings *readings);
/* One conversion of an analog input, 0 to 5. */
uint16_t analog_read(uint8_t channel);
/* SHT31: asks in one call and takes the answer in a later one. */
void ambient_start(void);
void ambient_read(struct readings *readings);

#endif
