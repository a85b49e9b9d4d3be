import { Parameters, ScpiFailure, shortForm } from './scpi-parameters.ts';

/** What one command does. At least one of `set` and `query` is there. */
export interface ScpiCommand {
  /**
   * As manuals spell it: capitals are the short form, what is in brackets may be left out,
   * `<n>` is a number: ":DIGital:LINE<n>:MODE".
   */
  readonly header: string;
  /** Parameters it takes at the most; 1 when it takes any and this is not given. */
  readonly parametersMax?: number;
  /** @param n the number in the header, 1 when it has none */
  readonly set?: (parameters: Parameters, n: number) => void;
  readonly query?: (parameters: Parameters, n: number) => string;
}

/** One command of a program message, found but not yet executed. */
export interface ProgramUnit {
  /** The header in short form and capitals, with its question mark: ":SYST:ERR?". */
  readonly name: string;
  /** @throws ScpiFailure */
  execute(): string | undefined;
}

interface Compiled {
  readonly command: ScpiCommand;
  readonly pattern: RegExp;
  readonly name: string;
}

/** Headers that are remembered with what they mean. */
const REMEMBERED_MAX = 500;

/** Finds the commands of a program message: short and long forms, optional words, paths. */
export class ScpiCommands {
  readonly #commands: readonly Compiled[];
  readonly #remembered = new Map<string, { readonly compiled: Compiled; readonly n: number }>();

  constructor(commands: readonly ScpiCommand[]) {
    this.#commands = commands.map((command) => ({
      command,
      pattern: patternOf(command.header),
      name: nameOf(command.header),
    }));
  }

  /**
   * The commands of one line, in order. What follows a semicolon without a colon goes on in the
   * path of the command before (SCPI-1999, 6.2.4).
   */
  *parse(line: string): Generator<ProgramUnit> {
    let path = '';
    for (const unit of splitOutsideQuotes(line, ';')) {
      const text = unit.trim();
      if (text === '') continue;
      const space = text.search(/\s/);
      const spoken = space < 0 ? text : text.slice(0, space);
      const parameters = space < 0 ? '' : text.slice(space).trim();
      const isCommon = spoken.startsWith('*');
      const full = isCommon || spoken.startsWith(':') ? spoken : `${path}:${spoken}`;
      if (!isCommon) path = full.slice(0, full.lastIndexOf(':'));
      yield this.#unit(full, parameters);
    }
  }

  #unit(spoken: string, parameterText: string): ProgramUnit {
    const isQuery = spoken.endsWith('?');
    const header = (isQuery ? spoken.slice(0, -1) : spoken).toUpperCase();
    const found = this.#find(header);
    const command = found?.compiled.command;
    const n = found?.n ?? 1;
    const name = `${found?.compiled.name ?? header}${isQuery ? '?' : ''}`;
    const execute = (): string | undefined => {
      const action = isQuery ? command?.query : command?.set;
      if (!action) throw new ScpiFailure(-113);
      const texts = parameterText === '' ? [] : [...splitOutsideQuotes(parameterText, ',')];
      // Before anything is done: a command with a parameter too many does nothing.
      const most = command?.parametersMax ?? Math.min(1, action.length);
      if (texts.length > most) throw new ScpiFailure(-108);
      const parameters = new Parameters(texts.map((text) => text.trim()));
      const reply = action(parameters, n);
      parameters.end();
      return reply ?? undefined;
    };
    return { name, execute };
  }

  #find(header: string): { readonly compiled: Compiled; readonly n: number } | undefined {
    const remembered = this.#remembered.get(header);
    if (remembered) return remembered;
    for (const compiled of this.#commands) {
      const match = compiled.pattern.exec(header);
      if (!match) continue;
      const found = { compiled, n: match[1] === undefined ? 1 : Number(match[1]) };
      if (this.#remembered.size < REMEMBERED_MAX) this.#remembered.set(header, found);
      return found;
    }
    return undefined;
  }
}

/** ":SOURce[1]:CURRent[:LEVel]" as a pattern of what may be sent. */
function patternOf(header: string): RegExp {
  if (header.startsWith('*')) return new RegExp(`^\\${header}$`);
  const source = header
    .replace(/\[(\d)\]/g, '{$1}')
    .replace(/\[(:[^\]]*)\]/g, '(?:$1)?')
    .replace(/:([A-Za-z]+)/g, (_, word: string) => `:(?:${shortForm(word)}|${word.toUpperCase()})`)
    .replace(/\{(\d)\}/g, '$1?')
    .replace(/<n>/g, '(\\d{1,3})');
  return new RegExp(`^${source}$`);
}

function nameOf(header: string): string {
  return header
    .replace(/\[\d\]/g, '')
    .replace(/\[:[^\]]*\]/g, '')
    .split(':')
    .map(shortForm)
    .join(':');
}

/** Parts between separators that stand outside of quotes. */
function* splitOutsideQuotes(text: string, separator: string): Generator<string> {
  let quote = '';
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (quote !== '') {
      if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") {
      quote = letter;
    } else if (letter === separator) {
      yield text.slice(from, at);
      from = at + 1;
    }
  }
  yield text.slice(from);
}
