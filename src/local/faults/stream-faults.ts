/** What fault rules do to one stream: frames are lost, repeated, swapped or damaged, and the connection breaks. */
import { isHighSurrogate } from "../../support/clip.ts";
import { encodeStreamFrame, type FrameRewriter, type StreamFrame, type StreamPiece } from "../http/sse.ts";
import type { Run } from "../model/run.ts";
import { recordOf } from "../model/run-views.ts";
import { type FaultRule, type Faults, ruleOf } from "./faults.ts";
import { OddFrames } from "./odd-faults.ts";

export class StreamFaults implements FrameRewriter {
  readonly stateFirst: boolean;
  readonly #rules: readonly FaultRule[];
  readonly #run: Run;
  readonly #odd: OddFrames;
  /** Numbers of frames, characters and events so far; those held back or lost count as events only. */
  #frames = 0;
  #chars = 0;
  #events = 0;
  /** A frame that is sent after its successor. */
  #held: string | undefined;

  constructor(rules: readonly FaultRule[], run: Run, faults: Faults) {
    this.#rules = rules;
    this.#run = run;
    this.#odd = new OddFrames(rules, faults);
    this.stateFirst = ruleOf(rules, "state_first") !== undefined;
  }

  rewrite(frame: StreamFrame): StreamPiece[] {
    const before = this.#breakBefore();
    if (before !== undefined) return before;
    const sent = this.#odd.change(frame);
    const out = frame.name === "run.event" ? this.#event(sent) : this.#control(sent);
    const pieces: StreamPiece[] = [];
    const stall = ruleOf(this.#rules, "stall");
    if (stall?.frames === 0 && this.#frames === 0) pieces.push({ stallMs: stall.ms });
    for (const text of out) {
      this.#frames += 1;
      pieces.push(...this.#chop(text));
    }
    return pieces;
  }

  /** Returns what ends the stream once enough frames have been sent; `undefined` when the next frame may follow. */
  #breakBefore(): StreamPiece[] | undefined {
    const error = ruleOf(this.#rules, "error_frame");
    if (error !== undefined && this.#frames >= error.frames) {
      const data = error.plain === true ? error.message : JSON.stringify({ error: error.message });
      return [encodeStreamFrame({ name: "error", id: undefined, data }), "finish"];
    }
    const timeout = ruleOf(this.#rules, "timeout_frame");
    if (timeout !== undefined && this.#frames >= timeout.frames) {
      return [
        encodeStreamFrame({ name: "timeout", id: undefined, data: JSON.stringify({ status: this.#run.status }) }),
        "finish",
      ];
    }
    const cut = ruleOf(this.#rules, "cut");
    if (cut?.frames !== undefined && this.#frames >= cut.frames) return [cut.clean === true ? "finish" : "lose"];
    return undefined;
  }

  #event(frame: StreamFrame): string[] {
    this.#events += 1;
    const isHit = (kind: "reorder" | "duplicate" | "garble" | "lose" | "unknown_frame") => {
      const rule = ruleOf(this.#rules, kind);
      return rule !== undefined && this.#events % rule.every === 0;
    };
    const out: string[] = [];
    if (isHit("unknown_frame"))
      out.push(encodeStreamFrame({ name: "run.curiosity", id: undefined, data: '{"odd":true}' }));
    if (isHit("lose")) return out;
    const text = this.#render(isHit("garble") ? { ...frame, data: `{"broken: ${frame.data.slice(0, 40)}` } : frame);
    if (isHit("reorder") && this.#held === undefined) {
      this.#held = text;
      return out;
    }
    out.push(text, ...this.#release());
    if (isHit("duplicate")) out.push(text);
    return out;
  }

  #control(frame: StreamFrame): string[] {
    const out = this.#release();
    if (frame.name !== "end") out.push(this.#encode(frame));
    else if (ruleOf(this.#rules, "no_end") === undefined) {
      out.push(this.#encode({ ...frame, name: ruleOf(this.#rules, "end_name")?.name ?? "end" }));
    }
    return out;
  }

  /** Returns the frame held back, if any. It is sent after its successor, at the latest before a control frame. */
  #release(): string[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held];
  }

  #render(frame: StreamFrame): string {
    const applies = (kind: FaultRule["kind"]) => ruleOf(this.#rules, kind) !== undefined;
    let { name, id, data } = frame;
    if (applies("legacy")) {
      const { status, status_message, output, output_events } = recordOf(this.#run) ?? {};
      return this.#encode({
        name: "run",
        id: undefined,
        data: JSON.stringify({ data: { status, status_message, output, output_events } }),
      });
    }
    if (applies("no_sequence")) data = data.replace(/^\{"sequence_number":\d+/, '{"sequence_number":null');
    if (applies("no_ids")) id = undefined;
    if (applies("empty_ids")) id = "";
    if (applies("unnamed")) name = "";
    return this.#encode({ name, id, data });
  }

  #encode(frame: StreamFrame): string {
    let data = frame.data;
    if (ruleOf(this.#rules, "multiline") !== undefined && data.startsWith("{")) data = data.replace("{", "{\ndata: ");
    let text = encodeStreamFrame({ ...frame, data });
    if (frame.name === "") text = text.replace("event: \n", "");
    if (ruleOf(this.#rules, "comments") !== undefined) text = `: note\n${text}:\n\n`;
    return ruleOf(this.#rules, "crlf") === undefined ? text : text.replaceAll("\n", "\r\n");
  }

  /** Splits a frame into the chunks that it is sent in, with the break that falls into it or after it. */
  #chop(text: string): StreamPiece[] {
    const cut = ruleOf(this.#rules, "cut");
    const stall = ruleOf(this.#rules, "stall");
    const left = (cut?.chars ?? Number.POSITIVE_INFINITY) - this.#chars;
    this.#chars += text.length;
    const size = ruleOf(this.#rules, "chop")?.chars ?? text.length;
    const sent = left < text.length ? text.slice(0, left) : text;
    const pieces: StreamPiece[] = [];
    for (let start = 0, end = 0; start < sent.length; start = end) {
      end = start + size;
      if (isHighSurrogate(sent.charCodeAt(end - 1))) end += 1; // a lone surrogate has no encoding
      pieces.push(sent.slice(start, end));
    }
    if (left < text.length) pieces.push(cut?.clean === true ? "finish" : "lose");
    else if (stall !== undefined && this.#frames === stall.frames) pieces.push({ stallMs: stall.ms });
    return pieces;
  }
}
