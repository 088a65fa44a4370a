/** A child's stdin and stdout in memory, under virtual time. */
import { Readable, Writable } from "node:stream";
import type { Ambient } from "../../../src/support/ambient.ts";

/** How the host reads. All times in milliseconds. */
export interface ReadingPlan {
  /** Time between two reads. Absent: everything is read immediately. */
  everyMs?: number;
  /** Stops reading for `ms` after this many lines. */
  pause?: { after: number; ms: number };
  /** Stops reading for good after this many lines. */
  stopAfter?: number;
}

/** Most bytes of one read. */
const LOOK_BYTES = 16 * 1024;
/** Size of a pipe on Linux. */
const PIPE_BYTES = 64 * 1024;

/** The program's stdin, which the host writes. */
export class HostInput extends Readable {
  /** Whether the host has closed it. */
  ended = false;

  override _read(): void {}

  line(value: object | string): void {
    if (!this.ended) this.push(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
  }

  end(): void {
    if (!this.ended) this.push(null);
    this.ended = true;
  }
}

/** The program's stdout: a pipe of limited size that the host reads at its own pace. */
export class HostOutput extends Writable {
  readonly #ambient: Ambient;
  readonly #reading: ReadingPlan;
  readonly #onLine: (line: Buffer) => void;
  #pipe = Buffer.alloc(0);
  #torn = Buffer.alloc(0);
  #room: (() => void) | undefined;
  #lines = 0;
  #looking = false;
  #blindUntil = 0;
  #paused = false;

  constructor(ambient: Ambient, reading: ReadingPlan, onLine: (line: Buffer) => void) {
    super();
    this.#ambient = ambient;
    this.#reading = reading;
    this.#onLine = onLine;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#pipe = Buffer.concat([this.#pipe, chunk]);
    if (this.#pipe.length < PIPE_BYTES) done();
    else this.#room = done;
    this.#lookLater();
  }

  /** Closes the host's end: the next write fails with EPIPE. */
  breakOff(): void {
    this.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  }

  #lookLater(): void {
    if (this.#looking || this.#pipe.length === 0 || this.#stopped) return;
    this.#looking = true;
    const wait = Math.max(this.#reading.everyMs ?? 0, this.#blindUntil - this.#ambient.now());
    const look = () => {
      this.#looking = false;
      this.#look();
    };
    if (wait > 0) this.#ambient.timer(wait, look);
    else this.#ambient.soon(look);
  }

  get #stopped(): boolean {
    return this.#reading.stopAfter !== undefined && this.#lines >= this.#reading.stopAfter;
  }

  #look(): void {
    if (this.destroyed) return;
    const taken = this.#pipe.subarray(0, LOOK_BYTES);
    this.#pipe = this.#pipe.subarray(taken.length);
    this.#torn = Buffer.concat([this.#torn, taken]);
    for (let end = this.#torn.indexOf(0x0a); end >= 0; end = this.#torn.indexOf(0x0a)) {
      const line = this.#torn.subarray(0, end);
      this.#torn = this.#torn.subarray(end + 1);
      this.#lines += 1;
      this.#onLine(line);
    }
    const { pause } = this.#reading;
    if (pause && !this.#paused && this.#lines >= pause.after) {
      this.#paused = true;
      this.#blindUntil = this.#ambient.now() + pause.ms;
    }
    if (this.#pipe.length < PIPE_BYTES) {
      const room = this.#room;
      this.#room = undefined;
      room?.();
    }
    this.#lookLater();
  }
}
