/** The `npx operando` lines of a page's code blocks, continued lines joined, without `npx operando`. */
export function commandsOf(markdown: string): string[][] {
  const blocks = [...markdown.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('npx operando '))
    .map((line) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '').slice(2),
    );
}
