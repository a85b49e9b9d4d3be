/** Pieces of an SVG document as text: nothing external, so that it opens anywhere and prints. */

export const FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif";
export const INK = '#1a1a1a';
export const MUTED = '#5c5c5c';
export const GRID = '#e4e4e4';

export interface TextStyle {
  readonly size?: number;
  readonly colour?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: 'normal' | 'bold';
  /** Turned by 90° to read upwards, about its own place. */
  readonly upwards?: boolean;
}

export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

/** A complete document with a white background. */
export function svgDocument(
  size: { readonly width: number; readonly height: number; readonly title: string },
  parts: readonly string[],
): string {
  const { width, height, title } = size;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="${FONT}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Text with nothing in it that XML reads as markup or refuses altogether. */
export function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // File names may hold control characters and halves of characters; XML 1.0 §2.2 has neither.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '�')
  );
}

export function textAt(at: PixelPoint, content: string, style: TextStyle = {}): string {
  const { size = 12, colour = INK, anchor = 'start', weight = 'normal', upwards = false } = style;
  const turn = upwards ? ` transform="rotate(-90 ${pixel(at.x)} ${pixel(at.y)})"` : '';
  const bold = weight === 'bold' ? ' font-weight="bold"' : '';
  return (
    `<text x="${pixel(at.x)}" y="${pixel(at.y)}" font-size="${size}" fill="${colour}" ` +
    `text-anchor="${anchor}"${bold}${turn}>${escapeXml(content)}</text>`
  );
}

export function line(from: PixelPoint, to: PixelPoint, colour: string, width = 1): string {
  return (
    `<line x1="${pixel(from.x)}" y1="${pixel(from.y)}" x2="${pixel(to.x)}" y2="${pixel(to.y)}" ` +
    `stroke="${colour}" stroke-width="${width}"/>`
  );
}

/** A line through the points in their order. */
export function polyline(points: readonly PixelPoint[], colour: string, width = 1.5): string {
  const places = points.map(({ x, y }) => `${pixel(x)},${pixel(y)}`).join(' ');
  return (
    `<polyline points="${places}" fill="none" stroke="${colour}" stroke-width="${width}" ` +
    'stroke-linejoin="round"/>'
  );
}

export interface MarkerStyle {
  readonly shape?: 'circle' | 'square';
  readonly colour: string;
  readonly radius?: number;
  /** Open markers are those with a white inside. */
  readonly open?: boolean;
}

export function marker({ x, y }: PixelPoint, style: MarkerStyle): string {
  const { shape = 'circle', colour, radius = 3, open = false } = style;
  const paint = open
    ? `fill="#ffffff" stroke="${colour}" stroke-width="1.1"`
    : `fill="${colour}" stroke="#ffffff" stroke-width="0.4"`;
  if (shape === 'circle') {
    return `<circle cx="${pixel(x)}" cy="${pixel(y)}" r="${radius}" ${paint}/>`;
  }
  const side = 1.75 * radius;
  const corner = `x="${pixel(x - side / 2)}" y="${pixel(y - side / 2)}"`;
  return `<rect ${corner} width="${pixel(side)}" height="${pixel(side)}" ${paint}/>`;
}

/** `parts` under a name that scripts and tests can look for. */
export function group(name: string, parts: readonly string[], clip?: string): string {
  const clipping = clip === undefined ? '' : ` clip-path="url(#${clip})"`;
  return `<g class="${name}"${clipping}>\n${parts.join('\n')}\n</g>`;
}

/** At most `lengthMax` characters; the middle goes, because both ends of a file name tell. */
export function cutMiddle(text: string, lengthMax: number): string {
  const characters = [...text];
  if (characters.length <= lengthMax) return text;
  const head = Math.ceil((lengthMax - 1) / 2);
  const tail = characters.slice(characters.length - (lengthMax - 1 - head));
  return `${characters.slice(0, head).join('')}…${tail.join('')}`;
}

/** Hundredths of a pixel are finer than any printer. */
export function pixel(value: number): string {
  return String(Math.round(value * 100) / 100);
}
