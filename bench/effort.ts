// How much is measured: what the command line asks of every benchmark.

export type Effort = {
  /** Seconds of one measurement. */
  readonly seconds: number;
  /** Seconds of requests to a server before the first measurement. */
  readonly warmUp: number;
  /** Measurements of each thing; the medians are reported. */
  readonly runs: number;
  readonly connections: number;
  /** Of a revocation list. */
  readonly entries: number;
  /** To the metadata server, between two looks at its memory. */
  readonly requests: number;
};
