/** What this project uses of two packages that come without types. */

declare module 'johnny-five' {
  import type { EventEmitter } from 'node:events';
  import type { Firmata } from 'firmata-io';

  interface BoardOptions {
    readonly io: Firmata;
    readonly id: string;
    readonly repl: false;
    readonly debug: false;
    readonly sigint: false;
  }

  class Board extends EventEmitter {
    constructor(options: BoardOptions);
    readonly io: Firmata;
    readonly isReady: boolean;
    /** Its own ten seconds of patience, which nobody but us would end. */
    timer: NodeJS.Timeout | null;
  }

  const five: { readonly Board: typeof Board };
  // biome-ignore lint/style/noDefaultExport: this is how the package is made
  export default five;
}

declare module 'firmata-io' {
  import { EventEmitter } from 'node:events';

  interface FirmataPin {
    readonly supportedModes: readonly number[];
    readonly analogChannel: number;
    readonly state?: number;
  }

  class Firmata extends EventEmitter {
    constructor(transport: EventEmitter, options: { reportVersionTimeout: number });
    readonly isReady: boolean;
    /** What has come of a message that is not whole yet. */
    readonly buffer: number[];
    readonly pins: readonly FirmataPin[];
    readonly analogPins: readonly number[];
    readonly firmware: {
      readonly name?: string;
      readonly version?: { major: number; minor: number };
    };
    readonly reportVersionTimeoutId: NodeJS.Timeout;
    readonly MODES: Readonly<Record<'INPUT' | 'OUTPUT' | 'ANALOG' | 'PWM' | 'PULLUP', number>>;
    reportVersion(callback: () => void): void;
    queryFirmware(callback: () => void): void;
    pinMode(pin: number, mode: number): void;
    digitalWrite(pin: number, value: 0 | 1): void;
    queryPinState(pin: number, callback: () => void): void;
  }

  const firmata: { readonly Firmata: typeof Firmata };
  // biome-ignore lint/style/noDefaultExport: this is how the package is made
  export default firmata;
}
