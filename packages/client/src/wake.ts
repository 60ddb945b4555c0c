/** Wake: what the browser says about the network and the page. In Node there is nothing to hear. */

/** The parts of a browser's global scope that matter here. */
export interface Environment {
  addEventListener?(type: string, listener: (event: { type: string }) => void, options: { signal: AbortSignal }): void;
  readonly navigator?: { readonly onLine?: boolean };
}

/**
 * `pagehide` and `pageshow` stand around the back/forward cache, which no open request may enter. `visibilitychange` bubbles; a page
 * that is hidden is a good moment for another attempt too.
 */
const TYPES = ['online', 'offline', 'pageshow', 'pagehide', 'visibilitychange'];

/** Calls `heard` until `signal` aborts, with the type of the event. */
export function listenForWakes(scope: Environment, signal: AbortSignal, heard: (type: string) => void): void {
  for (const type of TYPES) scope.addEventListener?.(type, () => heard(type), { signal });
}
