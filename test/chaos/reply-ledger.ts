/** Tracks which lines must be answered and whether they were, independently of the program's reader. */
import { checkLine, type Message, type Mode } from "../support/child-process/line-check.ts";

const NEWLINE = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** The message of an unexpected internal error. */
const UNFORESEEN = /did not foresee/;
/** Longest string id that is echoed. */
const MAX_ID = 4_096;

export class ReplyLedger {
  readonly problems: string[] = [];
  replies = 0;
  readonly #mode: Mode;
  /** Number of requests that must be answered, by id, and of other lines that may be because their id is readable. */
  readonly #due = new Map<string, number>();
  readonly #allowed = new Map<string, number>();
  readonly #got = new Map<string, number>();
  readonly #acked = new Set<string>();
  readonly #terminals = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();
  readonly #onReply: (() => void)[] = [];

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  /** Registers what the host writes: any number of lines. */
  wrote(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); start <= bytes.length; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes.subarray(start, end < 0 ? bytes.length : end));
      if (end < 0) return;
      start = end + 1;
    }
  }

  /** Resolves when the request with this id is answered. No other line may have the id. */
  answered(id: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.set(JSON.stringify(id), resolve));
  }

  readonly readLine = (line: Buffer): void => {
    try {
      this.read(checkLine(line, this.#mode));
    } catch (error) {
      this.#report(`I9: ${error instanceof Error ? error.message : error}: ${line.toString().slice(0, 300)}`);
    }
  };

  readonly read = (message: Message): void => {
    if (message.kind === "notification") {
      this.#notified(message.params);
      return;
    }
    if (message.kind === "request") {
      this.#report("a request to a host that answers none");
      return;
    }
    this.replies += 1;
    if (message.id === null) return;
    const id = JSON.stringify(message.id);
    add(this.#got, id);
    for (const wake of this.#onReply.splice(0)) wake();
    if (message.kind === "result") {
      const { dispatchId, executionId } = message.result;
      if (typeof dispatchId === "string") this.#acked.add(dispatchId);
      if (typeof executionId === "string") this.#acked.add(executionId);
    } else if (UNFORESEEN.test(message.error.message)) this.#report(`I11: ${message.error.message}, to id ${id}`);
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  };

  /** Resolves when all requests so far are answered. */
  async nothingOpen(): Promise<void> {
    while ([...this.#due].some(([id, due]) => (this.#got.get(id) ?? 0) < due)) {
      await new Promise<void>((resolve) => void this.#onReply.push(resolve));
    }
  }

  /** Reports missing and surplus replies, after an orderly end of the program. */
  close(): void {
    for (const [id, due] of this.#due) {
      const got = this.#got.get(id) ?? 0;
      if (got < due) this.#report(`I11: ${due - got} of ${due} requests with id ${id.slice(0, 80)} were not answered`);
    }
    for (const [id, got] of this.#got) {
      const most = (this.#due.get(id) ?? 0) + (this.#allowed.get(id) ?? 0);
      if (got > most) this.#report(`I1: ${got} replies to ${most} requests with id ${id.slice(0, 80)}`);
    }
    if (this.#mode === "courier") return;
    for (const id of this.#acked) {
      const terminals = this.#terminals.get(id) ?? 0;
      if (terminals !== 1) this.#report(`I1: ${terminals} terminal events for ${JSON.stringify(id).slice(0, 80)}`);
    }
  }

  #notified(params: Record<string, unknown>): void {
    const id = params.dispatchId ?? params.executionId;
    const { event } = params;
    if (typeof id !== "string" || typeof event !== "object" || event === null || !("type" in event)) return;
    if (!this.#acked.has(id)) this.#report(`I2: an event of ${id.slice(0, 80)} before its acknowledgement`);
    if (event.type === "completed" || event.type === "failed") add(this.#terminals, id);
  }

  #line(line: Buffer): void {
    let value: unknown;
    try {
      value = JSON.parse(utf8.decode(line).trim());
    } catch {
      return;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value) || !("id" in value)) return;
    const { id } = value;
    const readable = typeof id === "string" ? id.length <= MAX_ID && id.isWellFormed() : Number.isSafeInteger(id);
    if (!readable) return;
    const { jsonrpc, method, params }: Record<string, unknown> = { ...value };
    const isRequest =
      jsonrpc === "2.0" &&
      typeof method === "string" &&
      method !== "" &&
      (params === undefined || typeof params === "object");
    add(isRequest ? this.#due : this.#allowed, JSON.stringify(id));
  }

  #report(what: string): void {
    if (this.problems.length < 20) this.problems.push(what);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
