/** A service that turns what it hears on the bus into results on the bus. */
export interface AnalysisService {
  start(): Promise<void>;
  /** Resolves when every result of what was heard so far has been published. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}
