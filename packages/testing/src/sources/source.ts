/**
 * What a source is: something that begins one response, once, and then feeds its body. `begin` is called synchronously when the
 * head is there, so that no byte can pass before someone listens.
 */
import type { Flow, Head } from '../collector.js';

export type Begin = (head: Head) => Flow;

/** @param signal Aborts while the head is awaited; what has begun is stopped through its head. */
export type Open = (begin: Begin, signal: AbortSignal) => Promise<void>;
