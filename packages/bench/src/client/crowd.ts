/** Crowd: many streams over raw sockets. Every socket reads into one shared buffer, so that a read allocates nothing. */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { micros } from '../harness/micros.js';
import { Reader, room } from './reader.js';
import type { Tally } from './tally.js';

const READ_BYTES = 256 * 1024;
/** Below the backlog that Node's servers listen with. */
const OPENING_AT_ONCE = 200;

const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n';
const STATUS = 'HTTP/1.1 200 ';

/** A place that a stream comes back from: it has every event below `next`. */
export interface Whence {
  readonly lastEventId: string;
  readonly next: number;
}

export class Crowd {
  /** Streams that ended, for whatever reason. */
  closed = 0;
  readonly #tally: Tally;
  readonly #payloadBytes: number;
  readonly #shared: Buffer;
  readonly #streams: { readonly socket: Socket; readonly reader: Reader }[] = [];

  constructor(tally: Tally, payloadBytes: number) {
    this.#tally = tally;
    this.#payloadBytes = payloadBytes;
    this.#shared = Buffer.alloc(room(payloadBytes) + READ_BYTES);
  }

  /** Opens `count` more streams, each from where `whence` says. Resolves once each has the head of its response. */
  async open(port: number, count: number, whence: () => Whence | undefined = () => undefined): Promise<void> {
    let begun = 0;
    const openSome = async (): Promise<void> => {
      while (begun++ < count) await this.#open(port, whence());
    };
    await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, count) }, openSome));
    this.#tally.expected = this.#streams.length;
  }

  /** Ends every stream, as a network does that is gone; they no longer count. */
  cut(): void {
    for (const { socket } of this.#streams.splice(0)) socket.removeAllListeners('close').destroy();
    this.#tally.expected = 0;
  }

  /** The stream with this number reads no further. It no longer counts for what is complete. */
  pause(index: number): void {
    this.#at(index).socket.pause();
    this.#tally.expected = this.#streams.length - 1;
    this.#tally.advance();
  }

  resume(index: number): void {
    this.#at(index).socket.resume();
  }

  /** How many events the stream with this number has reached. */
  reached(index: number): number {
    return this.#at(index).reader.next;
  }

  #at(index: number): { readonly socket: Socket; readonly reader: Reader } {
    const stream = this.#streams[index];
    if (!stream) throw new RangeError(`There is no stream ${index}`);
    return stream;
  }

  #open(port: number, whence: Whence | undefined): Promise<void> {
    const reader = new Reader(this.#tally, this.#payloadBytes);
    reader.next = whence?.next ?? 0;
    const request = `${REQUEST}${whence ? `Last-Event-ID: ${whence.lastEventId}\r\n` : ''}\r\n`;
    const from = room(this.#payloadBytes);
    return new Promise((resolve, reject) => {
      let opened = false;
      const callback = (count: number): boolean => {
        if (!opened) {
          opened = true;
          const head = this.#shared.toString('latin1', from, from + Math.min(count, STATUS.length));
          if (head === STATUS) resolve();
          else reject(new Error(`A stream was answered with "${head}"`));
        }
        reader.take(this.#shared, from, from + count, micros());
        return true;
      };
      const onread = { buffer: this.#shared.subarray(from), callback };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => socket.write(request));
      socket.on('error', reject);
      socket.on('close', () => {
        this.closed++;
        reject(new Error('A stream was closed while it was opened'));
      });
      this.#streams.push({ socket, reader });
    });
  }
}
