/** What the server of docs/deploy can be told, and what it does by itself, read from its code. */
import { readDocument } from '../../../recipes/test/kit/document.js';
import { pathOf } from './files.js';

/** What `shutdownOnSignals` may take beyond delay and window, in seconds. */
const SLACK_SECONDS = 5;

export interface Settings {
  /** Names of the variables that it reads. */
  readonly variables: readonly string[];
  readonly defaults: Readonly<Record<string, string>>;
  readonly routes: readonly string[];
  readonly maxConnections: number;
}

/** Of the block of this name in the README. */
export function settingsOf(file: string): Settings {
  const text = readDocument(pathOf('README.md')).blocks.find((block) => block.file === file)?.text ?? '';
  const [, list = ''] = /^const \{ (.*) \} = process\.env;$/m.exec(text) ?? [];
  const pairs = list.split(', ').map((item) => item.split(' = '));
  const [, limit] = /maxConnections: ([\d_]+)/.exec(text) ?? [];
  return {
    variables: pairs.map(([name = '']) => name),
    defaults: Object.fromEntries(pairs.flatMap(([name = '', value]) => (value ? [[name, value.slice(1, -1)]] : []))),
    routes: [...text.matchAll(/app\.(?:get|post)(?:<.*>)?\('([^']+)'/g)].map(([, route = '']) => route),
    maxConnections: Number(limit?.replaceAll('_', '')),
  };
}

/** How long the server takes to end, at most, with these variables over its defaults. */
export function shutdownSeconds(env: Readonly<Record<string, string | undefined>> = {}): number {
  const { DELAY_MS, WINDOW_MS } = { ...settingsOf('server.ts').defaults, ...env };
  return (Number(DELAY_MS) + Number(WINDOW_MS)) / 1_000 + SLACK_SECONDS;
}
