import { type EventEmitter, once } from 'node:events';
import type { MqttClient } from 'mqtt';

/** Arguments of the client's next event of that name. */
export function clientEvent(client: MqttClient, name: string): Promise<unknown[]> {
  // MQTT.js types its own emitter; at run time it is Node's.
  return once(client as unknown as EventEmitter, name);
}
