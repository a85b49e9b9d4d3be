/** The `npx operando` lines of a page's code blocks, continued lines joined, without `npx operando`. */
export function commandsOf(markdown: string): string[][] {
  const fences = [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const blocks = fences.flatMap(([, language, block = '']) => (language === '' ? [block] : []));
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('npx operando '))
    .map((line) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '').slice(2),
    );
}
