#include "firmata.h"

#include <avr/io.h>
#include <stdbool.h>

#include "clock.h"
#include "commands.h"
#include "converters.h"
#include "message.h"
#include "protocol.h"
#include "uart.h"

#define PROTOCOL_MAJOR 2
#define PROTOCOL_MINOR 6

#define DIGITAL_MESSAGE 0x90
#define REPORT_ANALOG 0xc0
#define REPORT_DIGITAL 0xd0
#define ANALOG_MESSAGE 0xe0
#define START_SYSEX 0xf0
#define SET_PIN_MODE 0xf4
#define SET_DIGITAL_PIN 0xf5
#define END_SYSEX 0xf7
#define REPORT_VERSION 0xf9
#define SYSTEM_RESET 0xff

#define ANALOG_MAPPING_QUERY 0x69
#define ANALOG_MAPPING_RESPONSE 0x6a
#define CAPABILITY_QUERY 0x6b
#define CAPABILITY_RESPONSE 0x6c
#define PIN_STATE_QUERY 0x6d
#define PIN_STATE_RESPONSE 0x6e
#define REPORT_FIRMWARE 0x79
#define SAMPLING_INTERVAL 0x7a
#define OWN_COMMAND_MAX 0x0f

#define MODE_INPUT 0
#define MODE_OUTPUT 1
#define MODE_ANALOG 2
#define MODE_PULL_UP 11
#define NOT_ANALOG 127

/* Marks and command; an end for each pin; two for each of its modes, of which there are 8. */
#define CAPABILITY_BYTES (3 + PIN_COUNT + 2 * 8)

#define SYSEX_MAX 48
#define PORT_COUNT 3
#define SAMPLING_MS_MIN 10
#define SAMPLING_MS_DEFAULT 19

static const char name[] = "operando-board";

static uint8_t sysex[SYSEX_MAX];
static uint8_t sysex_count;
static bool is_in_sysex, is_too_long;

static uint8_t command, wanted, taken, arguments[2];

static uint8_t free_mode = MODE_INPUT;
static uint8_t reported_ports;
static uint8_t last_port[PORT_COUNT];
static bool reports_analog;
static uint16_t sampling_ms = SAMPLING_MS_DEFAULT;
static uint32_t sampled_ms;

static void send_byte(uint8_t byte) { uart_send(&byte, 1); }

/* Asked before a message is sent byte by byte: half of one would be worse than none. */
static bool has_room(uint8_t count) {
  if (uart_has_room(count)) return true;
  message_count_dropped();
  return false;
}

static bool send(const uint8_t *bytes, uint8_t count) {
  return has_room(count) && uart_send(bytes, count);
}

static void send_version(void) {
  const uint8_t version[] = {REPORT_VERSION, PROTOCOL_MAJOR, PROTOCOL_MINOR};
  send(version, sizeof version);
}

static void send_firmware(void) {
  /* Marks, command and version; two halves of each letter. */
  if (!has_room(5 + 2 * (sizeof name - 1))) return;
  send_byte(START_SYSEX);
  send_byte(REPORT_FIRMWARE);
  send_byte(PROTOCOL_VERSION);
  send_byte(0);
  for (const char *at = name; *at; at++) {
    send_byte(*at & 0x7f);
    send_byte(*at >> 7);
  }
  send_byte(END_SYSEX);
}

static bool is_input(uint8_t pin) {
  return (pin >= PIN_EMERGENCY_STOP && pin <= PIN_GAS) || pin == PIN_DETECTOR;
}

/* Pins that safety depends on have no modes at all: no host can ask for one. */
static void send_capabilities(void) {
  if (!has_room(CAPABILITY_BYTES)) return;
  send_byte(START_SYSEX);
  send_byte(CAPABILITY_RESPONSE);
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) {
    if (is_input(pin) || pin == PIN_FREE) {
      send_byte(MODE_INPUT);
      send_byte(1);
    }
    if (pin == PIN_FREE) {
      send_byte(MODE_OUTPUT);
      send_byte(1);
      send_byte(MODE_PULL_UP);
      send_byte(1);
    }
    if (pin == PIN_PRESSURE) {
      send_byte(MODE_ANALOG);
      send_byte(10);
    }
    send_byte(127);
  }
  send_byte(END_SYSEX);
}

static void send_analog_mapping(void) {
  if (!has_room(3 + PIN_COUNT)) return;
  send_byte(START_SYSEX);
  send_byte(ANALOG_MAPPING_RESPONSE);
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) send_byte(pin == PIN_PRESSURE ? 0 : NOT_ANALOG);
  send_byte(END_SYSEX);
}

static uint8_t mode_of(uint8_t pin) {
  if (pin == PIN_FREE) return free_mode;
  if (pin == PIN_PRESSURE) return MODE_ANALOG;
  if (is_input(pin)) return MODE_INPUT;
  return MODE_OUTPUT;
}

static uint8_t level_of(uint8_t pin) {
  if (pin < 8) return (PIND >> pin) & 1;
  if (pin < 14) return (PINB >> (pin - 8)) & 1;
  return (PINC >> (pin - 14)) & 1;
}

static void send_pin_state(uint8_t pin) {
  const uint8_t state[] = {START_SYSEX, PIN_STATE_RESPONSE, pin, mode_of(pin), level_of(pin),
                           END_SYSEX};
  send(state, sizeof state);
}

/* The free pin is PD6. */
static void set_free_mode(uint8_t mode) {
  if (mode != MODE_INPUT && mode != MODE_OUTPUT && mode != MODE_PULL_UP) return;
  free_mode = mode;
  if (mode == MODE_PULL_UP) PORTD |= _BV(PD6);
  else PORTD &= ~_BV(PD6);
  if (mode == MODE_OUTPUT) DDRD |= _BV(PD6);
  else DDRD &= ~_BV(PD6);
}

static void set_free_level(uint8_t level) {
  if (free_mode != MODE_OUTPUT) return;
  if (level) PORTD |= _BV(PD6);
  else PORTD &= ~_BV(PD6);
}

static void set_port(uint8_t port, uint8_t levels) {
  if (port == PIN_FREE / 8) set_free_level((levels >> (PIN_FREE % 8)) & 1);
}

/* Forgets what the host has asked for. Trips and limits are not Firmata's to forget. */
static void reset(void) {
  reported_ports = 0;
  reports_analog = false;
  sampling_ms = SAMPLING_MS_DEFAULT;
  set_free_mode(MODE_INPUT);
}

static void take_sysex(void) {
  if (sysex_count == 0) return;
  switch (sysex[0]) {
    case REPORT_FIRMWARE: send_firmware(); break;
    case CAPABILITY_QUERY: send_capabilities(); break;
    case ANALOG_MAPPING_QUERY: send_analog_mapping(); break;
    case PIN_STATE_QUERY:
      if (sysex_count > 1 && sysex[1] < PIN_COUNT) send_pin_state(sysex[1]);
      break;
    case SAMPLING_INTERVAL:
      if (sysex_count < 3) break;
      sampling_ms = sysex[1] | (uint16_t)sysex[2] << 7;
      if (sampling_ms < SAMPLING_MS_MIN) sampling_ms = SAMPLING_MS_MIN;
      break;
    default:
      if (sysex[0] <= OWN_COMMAND_MAX) commands_take(sysex, sysex_count);
  }
}

static void take_message(void) {
  uint8_t kind = command < START_SYSEX ? command & 0xf0 : command;
  uint8_t number = command & 0x0f;
  switch (kind) {
    case DIGITAL_MESSAGE: set_port(number, arguments[0] | arguments[1] << 7); break;
    case SET_PIN_MODE:
      if (arguments[0] == PIN_FREE) set_free_mode(arguments[1]);
      break;
    case SET_DIGITAL_PIN:
      if (arguments[0] == PIN_FREE) set_free_level(arguments[1]);
      break;
    case REPORT_ANALOG:
      if (number == 0) reports_analog = arguments[0];
      break;
    case REPORT_DIGITAL:
      if (number >= PORT_COUNT) break;
      if (arguments[0]) reported_ports |= _BV(number);
      else reported_ports &= ~_BV(number);
      /* Its next report comes whatever the levels. */
      last_port[number] = 0xff;
      break;
  }
}

static uint8_t argument_count(uint8_t byte) {
  switch (byte < START_SYSEX ? byte & 0xf0 : byte) {
    case DIGITAL_MESSAGE:
    case ANALOG_MESSAGE:
    case SET_PIN_MODE:
    case SET_DIGITAL_PIN: return 2;
    case REPORT_ANALOG:
    case REPORT_DIGITAL: return 1;
    default: return 0;
  }
}

static void take_sysex_byte(uint8_t byte) {
  if (byte == END_SYSEX) {
    is_in_sysex = false;
    if (is_too_long) commands_refuse_damaged(sysex[0]);
    else take_sysex();
  } else if (sysex_count < SYSEX_MAX) {
    sysex[sysex_count++] = byte;
  } else {
    is_too_long = true;
  }
}

static void take_command(uint8_t byte) {
  command = byte;
  taken = 0;
  wanted = argument_count(byte);
  switch (byte) {
    case START_SYSEX:
      is_in_sysex = true;
      is_too_long = false;
      sysex_count = 0;
      break;
    case REPORT_VERSION: send_version(); break;
    case SYSTEM_RESET: reset(); break;
  }
}

/* A byte above 127 begins something new, whatever came before it; only 0xf7 ends a sysex. */
void firmata_take(uint8_t byte) {
  if (is_in_sysex && (byte < 0x80 || byte == END_SYSEX)) {
    take_sysex_byte(byte);
    return;
  }
  if (byte >= 0x80) {
    is_in_sysex = false;
    take_command(byte);
    return;
  }
  if (wanted == 0) return;
  arguments[taken++] = byte;
  if (taken < wanted) return;
  wanted = 0;
  take_message();
}

void firmata_start(void) {
  send_version();
  send_firmware();
}

static uint8_t port_levels(uint8_t port) {
  uint8_t levels = 0;
  for (uint8_t bit = 0; bit < 8; bit++) {
    uint8_t pin = port * 8 + bit;
    if (pin < PIN_COUNT && (is_input(pin) || pin == PIN_FREE) && level_of(pin)) levels |= _BV(bit);
  }
  return levels;
}

void firmata_report(void) {
  for (uint8_t port = 0; port < PORT_COUNT; port++) {
    if (!(reported_ports & _BV(port))) continue;
    uint8_t levels = port_levels(port);
    if (levels == last_port[port]) continue;
    const uint8_t message[] = {DIGITAL_MESSAGE | port, levels & 0x7f, levels >> 7};
    if (send(message, sizeof message)) last_port[port] = levels;
  }
  uint32_t now = clock_ms();
  if (!reports_analog || now - sampled_ms < sampling_ms) return;
  sampled_ms = now;
  uint16_t value = analog_read(0);
  const uint8_t message[] = {ANALOG_MESSAGE, value & 0x7f, value >> 7};
  send(message, sizeof message);
}
