/** How the demo says it is, as the page reads it. */
import type { CrowdStatus } from '../src/keeper.js';

export interface Status {
  readonly pid: number;
  readonly run: number;
  readonly store: string;
  readonly head: string;
  readonly behind?: number;
  readonly crowd: CrowdStatus;
}

export async function readStatus(expressUrl: string, query = ''): Promise<Status> {
  const answer = await fetch(`${expressUrl}demo/status.json?${query}`);
  return (await answer.json()) as Status;
}
