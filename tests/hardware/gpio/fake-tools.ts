import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The tools of libgpiod as shell scripts, on pins that are files. */
export interface FakeTools {
  readonly folder: string;
  setLevel(offset: number, level: 0 | 1): Promise<void>;
  level(offset: number): Promise<string>;
  /** Every call, in order: "gpioset --mode=exit gpiochip0 17=0". */
  calls(): Promise<readonly string[]>;
  /** Every level that an output was driven to, in order. */
  driven(offset: number): Promise<string>;
  /** What `tool` does instead from now on: lines of shell. */
  replace(tool: string, script: string): Promise<void>;
  dispose(): Promise<void>;
}

const LISTING = `gpiochip0 [pinctrl-bcm2711] (58 lines)
gpiochip1 [raspberrypi-exp-gpio] (8 lines)`;

/**
 * What both versions share. A line belongs to one process, as in the kernel, and keeps its level
 * when it is released: the worst that a kernel may do.
 */
const COMMON = `
state="$(dirname "$0")/state"
name="$(basename "$0")"
echo "$name $*" >> "$state/calls"
die() { echo "$name: $1" >&2; exit 1; }
busy() {
  holder="$(cat "$state/holder$1" 2>/dev/null)"
  [ -n "$holder" ] && [ "$holder" != $$ ] && kill -0 "$holder" 2>/dev/null
}
claim() { busy "$1" && die "$2: Device or resource busy"; echo $$ > "$state/holder$1"; }
drive() { echo "$2" > "$state/next$1"; mv "$state/next$1" "$state/line$1"; printf %s "$2" >> "$state/driven$1"; }
level() { cat "$state/line$1"; }
hold() { while :; do sleep 0.01; done; }
seconds() { printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)); }
monitor() {
  before="$(level "$1")"
  while :; do
    now="$(level "$1")"
    if [ "$now" != "$before" ]; then
      before="$now"
      if [ "$now" = 1 ]; then echo "$2"; else echo "$3"; fi
    fi
    sleep 0.005
  done
}
`;

const TOOLS = {
  1: {
    version: 'gpiodetect (libgpiod) v1.6.3',
    gpioget: `
case "$1" in -*) die "try gpioget --help" ;; esac
[ "$1" = gpiochip0 ] || die "error reading GPIO values: No such file or directory"
claim "$2" "error reading GPIO values"
level "$2"`,
    gpiomon: `
[ "$1" = --line-buffered ] && [ "$2" = --format=%e ] || die "try gpiomon --help"
claim "$4" "error waiting for events"
monitor "$4" 1 0`,
    gpioset: `
mode="$1"; shift
case "$1" in --usec=*) usec="\${1#--usec=}"; shift ;; esac
[ "$1" = gpiochip0 ] || die "error setting the GPIO line values: No such file or directory"
claim "\${2%=*}" "error setting the GPIO line values"
drive "\${2%=*}" "\${2#*=}"
case "$mode" in
  --mode=exit) ;;
  --mode=signal) hold ;;
  --mode=time) sleep "$(seconds "$usec")" ;;
  *) die "try gpioset --help" ;;
esac`,
  },
  2: {
    version: 'gpiodetect (libgpiod) v2.2.4',
    gpioget: `
[ "$1" = --numeric ] && [ "$2" = --chip ] || die "cannot find line '$1'"
claim "$4" "unable to request lines"
level "$4"`,
    gpiomon: `
[ "$1 $2 $3" = "--edges=both --format=%e --chip" ] || die "try gpiomon --help"
claim "$5" "unable to request lines on chip gpiochip0"
monitor "$5" 1 2`,
    gpioset: `
case "$1" in --mode*) die "try gpioset --help" ;; esac
toggle=none
case "$1" in --toggle=*) toggle="\${1#--toggle=}"; shift ;; esac
[ "$1 $2" = "--chip gpiochip0" ] || die "cannot find GPIO chip character device '$2'"
claim "\${3%=*}" "unable to request lines on chip '/dev/gpiochip0'"
drive "\${3%=*}" "\${3#*=}"
case "$toggle" in
  none) hold ;;
  0) ;;
  *us,0) sleep "$(seconds "\${toggle%us,0}")"; drive "\${3%=*}" 0 ;;
  *) die "invalid period: $toggle" ;;
esac`,
  },
};

/** @param lines the pins that exist, all low at first */
export async function makeFakeTools(version: 1 | 2, lines: readonly number[]): Promise<FakeTools> {
  const folder = await mkdtemp(join(tmpdir(), 'operando-gpio-tools-'));
  const state = join(folder, 'state');
  await mkdir(state);
  const setLevel = (offset: number, level: 0 | 1) =>
    writeFile(join(state, `line${offset}`), `${level}\n`);
  for (const offset of lines) await setLevel(offset, 0);
  const replace = async (tool: string, script: string): Promise<void> => {
    // A shell reads its script as it goes: one that runs must not change under it.
    const next = join(state, tool);
    await writeFile(next, `#!/bin/sh\n${COMMON}\n${script}\n`, { mode: 0o755 });
    await rename(next, join(folder, tool));
  };
  const { version: banner, ...tools } = TOOLS[version];
  for (const [tool, script] of Object.entries(tools)) await replace(tool, script);
  await replace(
    'gpiodetect',
    `if [ "$1" = --version ]; then echo "${banner}"; else echo "${LISTING}"; fi`,
  );
  const read = (name: string) => readFile(join(state, name), 'utf8').catch(() => '');
  return {
    folder,
    setLevel,
    level: async (offset) => (await read(`line${offset}`)).trim(),
    calls: async () => (await read('calls')).split('\n').filter((line) => line !== ''),
    driven: (offset) => read(`driven${offset}`),
    replace,
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
