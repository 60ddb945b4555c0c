/**
 * Terminal: runs the commands of a document's `console` blocks against a server, and compares what they print with what the
 * document says. `curl -N` and `node` may follow a stream, which may go on: they may print more behind the text. Every other command
 * ends, with exactly the text. `node x.ts` is the program of the document's block `x.ts`. The next command starts when the one before has ended, or when the first event of a stream, the text up to a
 * blank line, is there.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { type Block, type Document, terminalsFor } from './document.js';
import { DEADLINE_MS, killGroup, type RunningServer } from './program.js';
import { Bindings, type Command, parseTranscript, withoutBlankEnd } from './transcript.js';

/** Its `curl` stands in where the machine has none. */
const STAND_IN = new URL('stand-in/', import.meta.url).pathname;

const PRELOAD = new URL('connect-anywhere.mjs', import.meta.url).href;

type Server = Pick<RunningServer, 'host' | 'cwd' | 'programs'>;

interface RunOptions {
  /** Default: where the machine has no curl. */
  readonly useStandIn?: boolean | undefined;
  /** For the text of each command. */
  readonly deadlineMs?: number | undefined;
}

export const hasCurl: boolean = spawnSync('curl', ['--version']).status === 0;

/** Rejects where a command below `block` prints something else than the document says. Answers the number of commands. */
export async function runCommands(
  document: Document,
  block: Block,
  server: Server,
  options: RunOptions = {},
): Promise<number> {
  const bindings = new Bindings();
  const commands = terminalsFor(document, block).flatMap(parseTranscript);
  const running: Terminal[] = [];
  try {
    for (const command of commands) {
      // What it needs to know is still to be printed.
      if (bindings.isOpen(command.text)) for (const terminal of running) await terminal.until('complete');
      const terminal = new Terminal(document, command, server, bindings, options);
      running.push(terminal);
      await terminal.until('begun');
    }
    for (const terminal of running) await terminal.until('complete');
  } finally {
    for (const terminal of running) terminal.kill();
  }
  return commands.length;
}

class Terminal {
  readonly #where: string;
  readonly #command: Command;
  readonly #bindings: Bindings;
  readonly #child: ChildProcess;
  readonly #isStream: boolean;
  readonly #deadlineMs: number;
  readonly #lines: string[] = [];
  /** What was printed behind the last line break. */
  #rest = '';
  #matched = 0;
  #hasEnded = false;
  #complaints = '';
  #changed: () => void = () => {};

  constructor(
    { path }: Document,
    command: Command,
    { host, cwd, programs }: Server,
    bindings: Bindings,
    { useStandIn = !hasCurl, deadlineMs = DEADLINE_MS }: RunOptions,
  ) {
    this.#deadlineMs = deadlineMs;
    this.#isStream = /\bcurl\b.* -\w*N|^node /.test(command.text);
    this.#where = `${path}:${command.line}: "${command.text}"`;
    this.#command = command;
    this.#bindings = bindings;
    const text = bindings
      .fill(command.text)
      .replaceAll('localhost:3000', host)
      .replace(/^node (\S+)\.[jt]s\b/, `'${process.execPath}' --import ${PRELOAD} ${programs}/$1.js`);
    const { PATH = '' } = process.env;
    const env = {
      ...process.env,
      SERVER_HOST: host,
      NODE_OPTIONS: '',
      PATH: useStandIn ? STAND_IN + delimiter + PATH : PATH,
    };
    // A process group of its own: the shell and its curl end together.
    this.#child = spawn('sh', ['-c', text], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (printed: string) => this.#print(printed));
    this.#child.stderr?.setEncoding('utf8').on('data', (printed: string) => {
      this.#complaints += printed;
    });
    this.#child.on('close', () => {
      this.#hasEnded = true;
      if (this.#rest !== '') this.#lines.push(this.#rest);
      this.#changed();
    });
  }

  /** Waits until the first event, or all of the text, was printed. Rejects as soon as something else was. */
  async until(stage: 'begun' | 'complete'): Promise<void> {
    const { output } = this.#command;
    const blank = output.indexOf('');
    const needed = stage === 'complete' || blank === -1 ? output.length : blank;
    const deadline = performance.now() + this.#deadlineMs;
    while (!this.#isPrinted(needed)) {
      const left = deadline - performance.now();
      if (left <= 0)
        throw this.#failure(`has not ${this.#isStream ? 'printed more' : 'ended'} within ${this.#deadlineMs} ms`);
      await this.#change(left);
    }
  }

  kill(): void {
    if (!this.#hasEnded) killGroup(this.#child);
  }

  #isPrinted(needed: number): boolean {
    const { output } = this.#command;
    for (; this.#matched < this.#lines.length && this.#matched < output.length; this.#matched++) {
      const line = this.#lines[this.#matched] ?? '';
      if (!this.#bindings.matches(output[this.#matched] ?? '', line)) throw this.#failure('prints something else');
    }
    if (!this.#hasEnded) return this.#isStream && this.#matched >= needed;
    const printed = withoutBlankEnd(this.#lines);
    if (printed.length < output.length) throw this.#failure('ends before');
    if (printed.length > output.length) throw this.#failure('prints more');
    return true;
  }

  #print(text: string): void {
    const lines = (this.#rest + text.replaceAll('\r\n', '\n')).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines);
    this.#changed();
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #failure(what: string): Error {
    const printed = [...this.#lines, ...(this.#hasEnded ? [] : [this.#rest])].join('\n');
    const expected = this.#bindings.fill(this.#command.output.join('\n'));
    return new Error(
      `${this.#where} ${what}.\n--- the document says\n${expected}\n--- printed\n${printed}\n--- errors\n${this.#complaints}`,
    );
  }
}
