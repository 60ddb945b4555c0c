/** On whose behalf a reply is claimed, and for what. Types only. */
import type { Connection } from '@headwater/core';
import type { NodeResponse } from '@headwater/core/node';

/** A stream on its way to the response. */
export interface Opening {
  /** Gets the response, when the hooks are through. Throws where the head cannot be sent. */
  take(res: NodeResponse): void;
  /** Called instead where the stream will never have the response. */
  cancel(): void;
}

/** The stream's side of a claim. */
export interface Claimant {
  readonly connection: Connection;
  readonly isAlive: boolean;
  readonly isHead: boolean;
  /** Tells the observers of an error, unless they have heard of it. */
  report(error: unknown): void;
}
