/** Usage: what the whole machine did between two looks, so that a result tells whether something else was running. */
import { cpus } from 'node:os';

export class Usage {
  readonly #begunAt: number = Date.now();
  readonly #busyAt: number = busyMs();
  readonly #ownAt: NodeJS.CpuUsage = process.cpuUsage();

  /** Cores that neither this process used nor those that used `oursMs` of CPU time. */
  others(oursMs: number): number {
    const own = process.cpuUsage(this.#ownAt);
    const busy = busyMs() - this.#busyAt - oursMs - (own.user + own.system) / 1e3;
    return Math.max(0, busy / (Date.now() - this.#begunAt));
  }
}

function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
