/** What the supervisor and the server process say to each other. Plain data: it goes through `process.send`. */
import type { CrowdStatus } from './keeper.js';
import type { DemoOptions } from './options.js';

export type ToServer =
  /** First of all. `run` counts the starts. */
  | {
      readonly type: 'start';
      readonly options: DemoOptions;
      readonly withSources: boolean;
      readonly drainMs: number;
      readonly run: number;
    }
  | { readonly type: 'crowd'; readonly status: CrowdStatus }
  /** Send the clients away and end. */
  | { readonly type: 'stop' };

export type ToSupervisor =
  | { readonly type: 'ready'; readonly expressUrl: string; readonly fastifyUrl: string }
  /** It could not start; `text` says why to the person who started it. The process ends after that. */
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'gather'; readonly count: number };

/** Set in the environment of the server process. */
export const ROLE_VARIABLE = 'HEADWATER_DEMO_ROLE';
