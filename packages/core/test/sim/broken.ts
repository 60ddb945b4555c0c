/** Broken: a promise of the design was not kept. The simulation stops at the first one. */

/**
 * P1 nobody misses an entry without a reset. P2 nothing comes twice. P3 log order. P4 lost entries are not kept as history without a
 * reset. P5 nobody waits for ever. P6 no id moves a broken channel past its repair.
 */
export type PromiseName = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6';

export class Broken extends Error {
  readonly promise: PromiseName;

  constructor(promise: PromiseName, message: string) {
    super(`${promise}: ${message}`);
    this.name = 'Broken';
    this.promise = promise;
  }
}
