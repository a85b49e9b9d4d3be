/** Whatever turns a duty into heat: a relay board, an oven's controller, a simulated oven. */
export interface HeaterOutput {
  /**
   * Orders take effect in the order they are given; each is answered, or fails, within a time
   * that the output bounds itself.
   * @param dutyFraction share of full power, 0 to 1
   * @returns the duty in force, as the output confirms it
   * @throws Fault instrumentLost, instrumentReply or timeout
   */
  setDuty(dutyFraction: number): Promise<number>;
}
