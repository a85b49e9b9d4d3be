/** Reads or writes of one file under way at a time: more do not make the disk any faster. */
export const IN_FLIGHT_MAX = 8;

/** Runs `task` for 0 to `count - 1`, IN_FLIGHT_MAX at a time; the first failure ends it. */
export async function eachInFlight(
  count: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      try {
        await task(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(count, IN_FLIGHT_MAX) }, lane);
  const ended = await Promise.allSettled(lanes);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
