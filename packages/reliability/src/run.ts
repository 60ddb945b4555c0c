/** Runs one row over one store. */
import { describeFigures, type Figures } from './harness/figures.js';
import type { Row } from './row.js';
import type { StoreKind } from './stores/store.js';
import { Trial } from './trial.js';

export interface RunOptions {
  readonly seed: number;
  readonly isFull: boolean;
}

/** Rejects with what broke the promise, and what the servers complained about. */
export async function runRow(row: Row, kind: StoreKind, { seed, isFull }: RunOptions): Promise<Figures> {
  const service = await kind.start();
  const trial = new Trial({ kind, service, seed, isFull });
  try {
    const figures = await row.run(trial, isFull ? row.full : row.short);
    if (trial.exceeded.length > 0) throw new Error(`${trial.exceeded.join('; ')} (${describeFigures(figures)})`);
    return figures;
  } catch (cause) {
    const complaints = trial.servers.map(({ stderr }) => stderr).filter(Boolean);
    const why = [(cause as Error).message, ...complaints].join('\n');
    throw new Error(`${row.name} over ${kind.name}, seed ${seed}: ${why}`, { cause });
  } finally {
    await trial.end();
    await service.stop();
  }
}
