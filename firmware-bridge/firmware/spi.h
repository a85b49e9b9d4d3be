/* SPI as master, mode 1 (MAX31865 and MAX31856 data sheets, "Serial Interface"). */
#ifndef SPI_H
#define SPI_H
#include <stdint.h>

void spi_start(void);
uint8_t spi_exchange(uint8_t byte);

#endif
