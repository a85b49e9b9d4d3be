import { Fault } from '../domain/fault.ts';
import type { EventCode } from '../domain/run-record.ts';

/** First levels of every topic; the number is the version of the whole tree. */
export const TOPIC_ROOT = 'operando/v1';

const ID = /^[a-z0-9-]{1,32}$/;
/** Streams of samples carry the channel's Battery Data Format name, which has underscores. */
const STREAM = /^[a-z0-9_-]{1,64}$/;

/** Where a node and its cell stand in the tree. */
export interface Place {
  readonly site: string;
  readonly node: string;
  readonly cell: string;
}

/** Every topic one cell's outlet publishes or listens to. */
export interface Topics {
  readonly root: string;
  readonly status: string;
  readonly desc: string;
  readonly state: string;
  readonly log: string;
  readonly stop: string;
  /** Says that a person has seen an alarm. */
  readonly acknowledge: string;
  /** Comes before `resume`: what switches something on takes two steps. */
  readonly arm: string;
  /** Lets a run go on that waits for a person. */
  readonly resume: string;
  readonly alarms: string;
  readonly replies: string;
  alarm(code: EventCode): string;
  stream(name: string): string;
}

/** @throws Fault badInput for an id with anything but 1 to 32 of a-z, 0-9 and - */
export function topicsOf(place: Place): Topics {
  const wrong = (['site', 'node', 'cell'] as const).filter((key) => !ID.test(place[key]));
  if (wrong.length > 0) {
    throw new Fault(
      'badInput',
      wrong.map((key) => ({
        where: `MQTT ${key} ${JSON.stringify(place[key].slice(0, 80))}`,
        message: 'expected 1 to 32 of a-z, 0-9 and -',
      })),
    );
  }
  const root = `${TOPIC_ROOT}/${place.site}/${place.node}`;
  const cell = `${root}/${place.cell}`;
  return {
    root,
    status: `${root}/status`,
    desc: `${root}/desc`,
    state: `${cell}/state`,
    log: `${cell}/log`,
    stop: `${cell}/cmd/stop`,
    acknowledge: `${cell}/cmd/acknowledge`,
    arm: `${cell}/cmd/arm`,
    resume: `${cell}/cmd/resume`,
    alarms: `${cell}/alarm/`,
    replies: `${cell}/reply/`,
    alarm: (code) => `${cell}/alarm/${kebab(code)}`,
    stream: (name) => `${cell}/t/${checkedStream(name)}`,
  };
}

/** `instrumentFault` as it stands in a topic: `instrument-fault`. */
export function kebab(code: EventCode): string {
  return code.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function checkedStream(name: string): string {
  if (STREAM.test(name)) return name;
  throw new Fault('badInput', {
    where: `channel ${JSON.stringify(name.slice(0, 80))}`,
    message: 'expected 1 to 64 of a-z, 0-9, _ and - as the name of an MQTT stream',
  });
}
