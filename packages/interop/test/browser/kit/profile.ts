/** Profile: a browser on the disk, which can be closed or killed, and started again with what it has kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { ARGS, chromiumPath } from '../../../../suite/test/chromium/chromium.js';
import type { Framework } from '../../kit/origin.js';
import { countingScript, countTo } from './counting.js';

class Profile {
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #browser: Browser | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** A new one, gone when the test is done. */
  static async create(): Promise<Profile> {
    const profile = new Profile(await mkdtemp(`${tmpdir()}/headwater-profile-`));
    onTestFinished(async () => {
      await profile.kill();
      await rm(profile.#folder, { recursive: true, force: true });
    });
    return profile;
  }

  /** Starts the browser, and opens a page that begins with `script`. */
  async open(url: string, script: string): Promise<Page> {
    const args = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${this.#folder}`, ...ARGS];
    // A group of its own: that is what dies.
    this.#process = spawn(chromiumPath(), args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#browser = await chromium.connectOverCDP(await listening(this.#process));
    const [context] = this.#browser.contexts();
    const page = await context!.newPage();
    await page.addInitScript({ content: script });
    await page.goto(url);
    return page;
  }

  /** Asks the browser to quit. */
  async quit(): Promise<void> {
    const { exited } = this.#running;
    const session = await this.#browser!.newBrowserCDPSession();
    // It may be gone before it answers.
    await session.send('Browser.close').catch(() => {});
    await exited;
  }

  /** SIGKILL, to the browser and all its processes. */
  async kill(): Promise<void> {
    if (!this.#process) return;
    const { pid, exited } = this.#running;
    process.kill(-pid, 'SIGKILL');
    await exited;
  }

  get #running(): { pid: number; exited: Promise<unknown> } {
    const { pid } = this.#process ?? {};
    if (!this.#process || pid === undefined) throw new Error('The browser does not run');
    const exited = once(this.#process, 'exit').then(() => {
      this.#process = undefined;
    });
    return { pid, exited };
  }
}

/** Where the browser can be talked to, which it says itself. */
async function listening({ stderr }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stderr! })) {
    const [, address] = /^DevTools listening on (\S+)$/.exec(line) ?? [];
    if (address) {
      stderr!.resume();
      return address;
    }
  }
  throw new Error('The browser ended before it listened');
}

/** A page counts to `total`, while its browser ends in these ways, one after the other. */
export async function countInProfile(
  total: number,
  framework: Framework,
  ends: readonly ('quit' | 'kill')[],
): Promise<void> {
  const profile = await Profile.create();
  const script = await countingScript();
  let home = '';
  const open = (url: string) => {
    home = url;
    return profile.open(url, script);
  };
  const interruptions = ends.map((end) => async () => {
    await profile[end]();
    return open(home);
  });
  await countTo(total, framework, open, interruptions);
}
