/** The output of a task while its run goes on: the answer on stdout, steps on the log, problems on stderr. */
import type { TaskStream } from "#protocols/roder-extension";
import { type ExecutionEvent, type Outcome, type RunRef, withAdvice } from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { approvalText, headline, unfinishedNote } from "../reporting/outcome-text.ts";
import { APPROVAL_LEAD, oneLine, phaseWord, stepText } from "../reporting/status-text.ts";
import type { TaskOutput } from "./task-output.ts";
import type { Saved } from "./task-result.ts";

/** Characters of the first log line that the TUI shows: the line names the run and little else. */
const FIRST_LINE_CHARS = 79;
const MAX_LINE_CHARS = 2000;
/** Lines held back until the run has an id. */
const MAX_EARLY_LINES = 32;
/** The payload names them all. */
const MAX_SAVED_LINES = 20;
const RUNNING = phaseWord("running");

export class TaskLog {
  readonly #output: TaskOutput;
  #run: RunRef | undefined;
  #early: [TaskStream, string][] = [];
  /** Whether lines are sent: once the run has an id, or will not get one. */
  #isOpen = false;
  #phase = "";
  #tool: string | undefined;
  #hasText = false;

  constructor(output: TaskOutput) {
    this.#output = output;
  }

  get run(): RunRef | undefined {
    return this.#run;
  }

  /** Writes an event. Returns a promise when the output is full; it resolves when there is room again. */
  take(event: ExecutionEvent): Promise<void> | undefined {
    switch (event.type) {
      case "status":
        if (event.run) this.#identify(event.run);
        // While a tool runs, the service's detail is its bare name; the call was written, so only the state is new.
        if (event.detail !== undefined && event.detail === this.#tool) return this.#assumeRunning();
        return this.#status(phaseWord(event.phase), event.detail);
      case "text":
        this.#hasText ||= event.text !== "";
        this.#assumeRunning();
        return this.#output.write("stdout", event.text);
      case "approval_wait":
        return this.#line(
          "log",
          approvalText(event.approvals, { run: this.#run, lead: event.reason ?? APPROVAL_LEAD }),
        );
      case "tool_call":
        this.#tool = event.name;
        return this.#status(RUNNING, stepText(event));
      case "tool_result":
        this.#phase = RUNNING;
        return this.#line("log", stepText(event) ?? `tool ${event.name} finished`);
      case "notice":
        return this.#line(event.level === "warning" ? "stderr" : "log", withAdvice(event));
      case "artifact":
      case "thinking":
      case "usage": {
        const detail = stepText(event);
        return detail === undefined ? undefined : this.#line("log", detail);
      }
      default:
        return assertNever(event);
    }
  }

  /** Writes how the run ended, and the whole answer when none of it was streamed. `TaskOutput.finish` sends it all. */
  end(outcome: Outcome): void {
    if (outcome.run) this.#identify(outcome.run);
    this.#flushEarly();
    if (!this.#hasText) this.#output.write("stdout", outcome.text);
    if (outcome.run?.url && !this.#run?.url) this.#line("log", outcome.run.url);
    this.#line("log", outcome.kind);
    const why = headline(outcome) ?? unfinishedNote(outcome);
    if (why) this.#line("stderr", why);
  }

  /** Writes where the artifacts are, or why they are not. */
  saved(saved: Saved): void {
    if ("problem" in saved) return void this.#line("stderr", `the artifacts were not saved: ${saved.problem}`);
    for (const one of saved.slice(0, MAX_SAVED_LINES)) {
      const name = one.artifact.title ?? one.artifact.kind;
      if ("path" in one) this.#line("log", `${name}: saved as ${one.path}`);
      else this.#line("stderr", `${name}: not saved: ${one.problem}`);
    }
    if (saved.length > MAX_SAVED_LINES) this.#line("log", `and ${saved.length - MAX_SAVED_LINES} other artifacts`);
  }

  /** Writes why the task failed. */
  fail(why: string): void {
    this.#flushEarly();
    this.#line("stderr", why);
  }

  /** Writes which run it is, once. */
  #identify(run: RunRef): void {
    if (this.#run) return;
    this.#run = run;
    const name = `run ${run.runId}`;
    const both = run.url ? `${name} ${run.url}` : name;
    const fits = both.length <= FIRST_LINE_CHARS;
    this.#output.write("log", `${oneLine(fits ? both : name, FIRST_LINE_CHARS)}\n`);
    this.#flushEarly();
    if (run.url && !fits) this.#line("log", run.url);
  }

  #status(word: string, detail: string | undefined): Promise<void> | undefined {
    const line = detail ? `${word}: ${detail}` : word;
    const isNew = detail ? line !== this.#phase : this.#isOpen && word !== this.#phase.split(":")[0];
    if (!isNew) return undefined;
    this.#phase = line;
    return this.#line("log", line);
  }

  /** Text means that the run is running: the status that follows is not written, or it would split the answer. */
  #assumeRunning(): undefined {
    if (!this.#phase.startsWith(RUNNING)) this.#phase = RUNNING;
  }

  #line(stream: TaskStream, text: string): Promise<void> | undefined {
    const line = `${oneLine(text, MAX_LINE_CHARS)}\n`;
    if (this.#isOpen) return this.#output.write(stream, line);
    if (this.#early.length < MAX_EARLY_LINES) this.#early.push([stream, line]);
    return undefined;
  }

  #flushEarly(): void {
    this.#isOpen = true;
    for (const [stream, line] of this.#early.splice(0)) this.#output.write(stream, line);
  }
}
