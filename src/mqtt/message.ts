/** One message on its way to the broker, always with quality of service 1. */
export interface OutgoingMessage {
  readonly topic: string;
  /** JSON, or empty to clear a retained topic. */
  readonly payload: string;
  readonly retain: boolean;
  /** Seconds after which a broker of MQTT 5 may forget it; for ever when absent. */
  readonly expirySecond?: number;
  /** Given back to the asker by MQTT 5. */
  readonly correlationData?: Buffer;
}

/** One message from the broker. */
export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** True when the broker kept it from before we subscribed. */
  readonly retain: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}
