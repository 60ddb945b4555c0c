/** Prometheus for tests: a server of their own on a free port, in a folder of its own, and its tool that checks rules. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, removeFolder, temporaryFolder } from './daemon.js';
import { findProgram, type Program } from './find.js';
import { freePort } from './free-port.js';

const PROGRAM: Program = { command: 'prometheus', variable: 'HEADWATER_PROMETHEUS', debianPackage: 'prometheus' };
const TOOL: Program = { command: 'promtool', variable: 'HEADWATER_PROMTOOL', debianPackage: 'prometheus' };

export interface PrometheusServerOptions {
  /** What is scraped at `/metrics`: the addresses (`host:port`) of each job. */
  readonly jobs: Readonly<Record<string, readonly string[]>>;
  /** Between two scrapes, in milliseconds. Default 1000. */
  readonly intervalMs?: number;
  /** Paths of rule files. */
  readonly rules?: readonly string[];
}

/** A running server. */
export interface PrometheusServer {
  readonly url: string;
  /** The `data` of an answer of its HTTP API: `get('query', { query: 'up' })`. @throws Error with what it says is wrong. */
  get<Data>(path: string, parameters?: Readonly<Record<string, string>>): Promise<Data>;
  /** Ends it for good, in order. */
  stop(): Promise<void>;
}

/** Starts a server and resolves once it answers. */
export async function startPrometheus(options: PrometheusServerOptions): Promise<PrometheusServer> {
  const program = findProgram(PROGRAM);
  const dir = temporaryFolder('prometheus');
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const config = join(dir, 'prometheus.yml');
  // JSON is YAML, too.
  writeFileSync(config, JSON.stringify(toConfig(options)));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
  ];
  const daemon = new Daemon({ program, args, dir, isReady: () => isReady(url) });
  await daemon.start();
  return {
    url,
    get: async (path, parameters = {}) => {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
      const { status, data, error } = (await response.json()) as { status: string; data: never; error?: string };
      if (status !== 'success') throw new Error(`Prometheus refuses ${path} ${JSON.stringify(parameters)}: ${error}`);
      return data;
    },
    stop: async () => {
      await daemon.stop();
      removeFolder(dir);
    },
  };
}

/** Runs Prometheus' tool: `promtool(['check', 'rules', file])`. What it prints, and whether it is content. */
export function promtool(args: readonly string[], input = ''): { readonly isGood: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(findProgram(TOOL), args, { input, encoding: 'utf8' });
  return { isGood: status === 0, output: stdout + stderr };
}

function toConfig({ jobs, intervalMs = 1_000, rules = [] }: PrometheusServerOptions): object {
  const interval = `${intervalMs}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: rules,
    scrape_configs: Object.entries(jobs).map(([name, targets]) => ({
      job_name: name,
      static_configs: [{ targets }],
    })),
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}
