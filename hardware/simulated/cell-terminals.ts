/**
 * The two terminals of the simulated cell, as any simulated instrument sees them. The model
 * behind them integrates itself up to the clock's present moment at each call.
 */
export interface CellTerminals {
  /** Forces a current through the cell; positive charges it. */
  setCurrent(currentAmpere: number): void;
  /** Opens the circuit: no current flows. */
  setOpen(): void;
  /** Current that flows now. */
  currentAmpere(): number;
  /** Voltage between working and counter electrode now, without measurement noise. */
  voltageVolt(): number;
  /** Small-signal impedance now, in ohm; imaginary part negative when capacitive. */
  impedance(frequencyHertz: number): { readonly zRealOhm: number; readonly zImagOhm: number };
}
