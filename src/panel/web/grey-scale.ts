/** Grey values between which a picture is spread from black to white. */
export interface GreyWindow {
  readonly low: number;
  readonly high: number;
}

/**
 * The grey values below which `cutPercent` and above which `cutPercent` of the pixels lie.
 * Works on the 256 counts, so its cost is one pass.
 */
export function percentileWindow(pixels: Uint8Array, cutPercent: number): GreyWindow {
  const counts = new Uint32Array(256);
  for (const grey of pixels) counts[grey] = (counts[grey] ?? 0) + 1;
  const cut = (pixels.length * cutPercent) / 100;
  let low = 0;
  for (let sum = counts[0] ?? 0; low < 255 && sum <= cut; sum += counts[low] ?? 0) low += 1;
  let high = 255;
  for (let sum = counts[255] ?? 0; high > 0 && sum <= cut; sum += counts[high] ?? 0) high -= 1;
  return high > low ? { low, high } : { low: 0, high: 255 };
}

/** Opaque RGBA pixels of a picture seen through a window. */
export function toRgba(
  pixels: Uint8Array,
  { low, high }: GreyWindow,
): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint8ClampedArray(256);
  for (let grey = 0; grey < 256; grey++) table[grey] = ((grey - low) * 255) / (high - low);
  const rgba = new Uint8ClampedArray(pixels.length * 4);
  for (let at = 0; at < pixels.length; at++) {
    const grey = table[pixels[at] ?? 0] ?? 0;
    rgba[4 * at] = grey;
    rgba[4 * at + 1] = grey;
    rgba[4 * at + 2] = grey;
    rgba[4 * at + 3] = 255;
  }
  return rgba;
}
