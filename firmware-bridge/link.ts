/**
 * A way for bytes to reach an instrument and come back: a serial port, a socket, a simulated
 * instrument in this process, or a recorded trace. A link knows nothing of what the bytes mean.
 */
export interface Link {
  /** What people call it: "/dev/serial/by-id/…", "in-process". */
  readonly name: string;
  readonly isOpen: boolean;
  /** Of a link that is recorded: entries that are not in the trace. */
  readonly losses?: { readonly entries: number };
  /** @throws Fault instrumentMissing when it is not there, instrumentLost when it is busy */
  open(signal: AbortSignal): Promise<void>;
  /** @throws Fault instrumentLost when the link is closed */
  write(bytes: Uint8Array): void;
  /** Chunks as they come: split and joined at will by the transport. */
  onData(listener: (bytes: Uint8Array) => void): () => void;
  /** Called once per opening, whoever closed it, with the reason. */
  onClose(listener: (reason: string) => void): () => void;
  /** Idempotent. */
  close(): Promise<void>;
}
