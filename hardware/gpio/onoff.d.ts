/**
 * What this project uses of onoff. Declared here because the package is optional: where it could
 * not be installed, types must still check.
 */
declare module 'onoff' {
  export class Gpio {
    constructor(kernelNumber: number, direction: 'in' | 'low', edge?: 'both');
    readSync(): 0 | 1;
    writeSync(value: 0 | 1): void;
    watch(callback: (error: Error | null | undefined, value: 0 | 1) => void): void;
    unexport(): void;
  }
}
