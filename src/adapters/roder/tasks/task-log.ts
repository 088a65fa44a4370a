/** What a task says while its run goes on: the answer on stdout, steps on the log, trouble on stderr. */
import type { TaskStream } from "#protocols/roder-extension";
import { type ExecutionEvent, type Outcome, type RunRef, withAdvice } from "../../../core/index.ts";
import { approvalText, headline } from "../reporting/outcome-text.ts";
import { APPROVAL_LEAD, oneLine, phaseWord, stepText } from "../reporting/status-text.ts";
import type { TaskOutput } from "./task-output.ts";

/** The TUI shows this much of the log, so the first line says which run it is and little else. */
const FIRST_LINE_CHARS = 79;
const MAX_LINE_CHARS = 2000;
/** Lines kept back until the run has a name. */
const MAX_EARLY_LINES = 32;
const RUNNING = phaseWord("running");

export class TaskLog {
  readonly #output: TaskOutput;
  #run: RunRef | undefined;
  #early: [TaskStream, string][] = [];
  /** Whether lines go out: from the moment the run has a name, or will not get one. */
  #open = false;
  #phase = "";
  #tool: string | undefined;
  #hasText = false;

  constructor(output: TaskOutput) {
    this.#output = output;
  }

  get run(): RunRef | undefined {
    return this.#run;
  }

  /** Writes what the event says. The answer, if any, resolves when there is room for more. */
  take(event: ExecutionEvent): Promise<void> | undefined {
    switch (event.type) {
      case "status":
        if (event.run) this.#name(event.run);
        // The service names the tool as well, maybe late; the call was told, so only the state counts.
        if (event.detail !== undefined && event.detail === this.#tool) return this.#noteRunning();
        return this.#status(phaseWord(event.phase), event.detail);
      case "text":
        this.#hasText ||= event.text !== "";
        this.#noteRunning();
        return this.#output.write("stdout", event.text);
      case "approval_wait":
        return this.#say("log", approvalText(event.approvals, { run: this.#run, lead: event.reason ?? APPROVAL_LEAD }));
      case "tool_call":
        this.#tool = event.name;
        return this.#status(RUNNING, stepText(event));
      case "tool_result":
        this.#phase = RUNNING;
        return this.#say("log", stepText(event) ?? `tool ${event.name} finished`);
      case "notice":
        return this.#say(event.level === "warning" ? "stderr" : "log", withAdvice(event));
      default: {
        const detail = stepText(event);
        return detail === undefined ? undefined : this.#say("log", detail);
      }
    }
  }

  /** The last words; the record's answer where nothing of it was streamed. Nothing waits for room: the end sends it all. */
  end(outcome: Outcome): void {
    if (outcome.run) this.#name(outcome.run);
    this.#flushEarly();
    if (!this.#hasText) this.#output.write("stdout", outcome.text);
    if (outcome.run?.url && !this.#run?.url) this.#say("log", outcome.run.url);
    this.#say("log", outcome.kind);
    const why = headline(outcome);
    if (why) this.#say("stderr", why);
  }

  /** The last words of work whose end is not known. */
  fail(why: string): void {
    this.#flushEarly();
    this.#say("stderr", why);
  }

  /** Says which run it is, once. */
  #name(run: RunRef): void {
    if (this.#run) return;
    this.#run = run;
    const name = `run ${run.runId}`;
    const both = run.url ? `${name} ${run.url}` : name;
    const fits = both.length <= FIRST_LINE_CHARS;
    this.#output.write("log", `${oneLine(fits ? both : name, FIRST_LINE_CHARS)}\n`);
    this.#flushEarly();
    if (run.url && !fits) this.#say("log", run.url);
  }

  #status(word: string, detail: string | undefined): Promise<void> | undefined {
    const line = detail ? `${word}: ${detail}` : word;
    const isNews = detail ? line !== this.#phase : this.#open && word !== this.#phase.split(":")[0];
    if (!isNews) return undefined;
    this.#phase = line;
    return this.#say("log", line);
  }

  /** A run that says something is running: the status that follows is no news, and would come between the lines of the answer. */
  #noteRunning(): undefined {
    if (!this.#phase.startsWith(RUNNING)) this.#phase = RUNNING;
  }

  #say(stream: TaskStream, text: string): Promise<void> | undefined {
    const line = `${oneLine(text, MAX_LINE_CHARS)}\n`;
    if (this.#open) return this.#output.write(stream, line);
    if (this.#early.length < MAX_EARLY_LINES) this.#early.push([stream, line]);
    return undefined;
  }

  #flushEarly(): void {
    this.#open = true;
    for (const [stream, line] of this.#early.splice(0)) this.#output.write(stream, line);
  }
}
