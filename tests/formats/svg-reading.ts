import { execFileSync } from 'node:child_process';

/** The places of all markers in the groups of this class, in the order of the document. */
export function markersOf(svg: string, group: string): { x: number; y: number }[] {
  return groupsOf(svg, group).flatMap((content) =>
    [...content.matchAll(/<circle cx="([-\d.]+)" cy="([-\d.]+)"/g)].map(([, x, y]) => ({
      x: Number(x),
      y: Number(y),
    })),
  );
}

/** The contents of the innermost groups of this class. */
export function groupsOf(svg: string, group: string): string[] {
  return [...svg.matchAll(new RegExp(`<g class="${group}">\\n([\\s\\S]*?)\\n</g>`, 'g'))].map(
    ([, content = '']) => content,
  );
}

/** Throws when the text is no well-formed XML, by the parser that comes with Python. */
export function parseXml(text: string): void {
  execFileSync('python3', ['-c', 'import sys, xml.dom.minidom as m; m.parse(sys.stdin.buffer)'], {
    input: text,
  });
}
