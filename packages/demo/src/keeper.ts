/** What a server process may ask of the process that keeps it running. */

/** How the other clients are doing, by their own count. */
export interface CrowdStatus {
  /** Clients that were asked for. */
  readonly wanted: number;
  /** Those that are connected. */
  readonly open: number;
  /** Those that have received every sample since their first, each once and in order. */
  readonly complete: number;
  /** Samples received by all of them together. */
  readonly received: number;
}

export const NO_CROWD: CrowdStatus = { wanted: 0, open: 0, complete: 0, received: 0 };

export interface Keeper {
  /** How often the server has been started, this time included. */
  readonly run: number;
  /** Ends this process in an orderly way, to be started again. */
  restart(): void;
  /** Opens so many clients in a process of their own, or closes them all (0). */
  gather(count: number): void;
  crowd(): CrowdStatus;
}
