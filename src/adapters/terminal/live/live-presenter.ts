/** Presents a run on a terminal: the streamed answer, its tools, a status line, and a summary. */
import { type ExecutionEvent, type Outcome, type Phase, type RunRef, withAdvice } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { cost, count, duration, tokens } from "../screen/format.ts";
import type { Screen } from "../screen/screen.ts";
import { keyValueTable } from "../screen/table.ts";
import { oneLine } from "../screen/text.ts";
import { widthOf } from "../screen/width.ts";
import { closingWords, interruptWords } from "./closing-words.ts";
import { LiveView } from "./live-view.ts";
import { PHASE_WORDS } from "./phase-words.ts";
import { approvalWords } from "./plain-presenter.ts";
import type { OnInterrupt, Presenter } from "./presenter.ts";

export interface LiveOptions {
  screen: Screen;
  ambient: Ambient;
  onInterrupt: OnInterrupt;
  /**
   * Called when the run starts to wait for an approval. Returns the function to call when it no longer waits. Absent when
   * there is no one to ask: the command that decides is shown instead.
   */
  onApproval?: ((run: RunRef, view: LiveView) => () => void) | undefined;
}

export class LivePresenter implements Presenter {
  readonly #options: LiveOptions;
  readonly #view: LiveView;
  /** Whether stdout is no terminal: then the view is drawn on stderr, and the answer goes to stdout. */
  readonly #answerApart: boolean;
  readonly #since: number;
  #phase: Phase = "resolving";
  #detail: string | undefined;
  #tools = 0;
  #run: RunRef | undefined;
  #interrupted = false;
  #leaveApproval: (() => void) | undefined;
  #endsLine = true;
  #release: (() => void) | undefined;
  #lastNotice: string | undefined;

  constructor(options: LiveOptions) {
    const { screen, ambient } = options;
    this.#options = options;
    this.#answerApart = !screen.stdout.isTTY;
    this.#since = ambient.now();
    const { dim, cyan } = this.#colors;
    this.#view = new LiveView({
      output: this.#output,
      ambient,
      unicode: screen.unicode,
      status: () => this.#status(),
      paint: { status: dim, spinner: cyan },
    });
  }

  start(): void {
    this.#view.start();
    let shown = false;
    this.#release = this.#options.screen.suspension.around({
      leave: () => {
        shown = this.#view.isShown;
        this.#view.stop();
      },
      enter: () => {
        if (shown) this.#view.start();
      },
    });
  }

  event(event: ExecutionEvent): Promise<void> | void {
    const { dim, red, yellow } = this.#colors;
    switch (event.type) {
      case "text":
        return this.#answer(event.text);
      case "status":
        return this.#moved(event.phase, event.detail, event.run);
      case "tool_call":
        this.#tools += 1;
        return this.#view.line(dim(this.#clipped(`${this.#mark("▸", ">")} `, `${event.name} ${event.arguments}`)));
      case "tool_result": {
        const text = this.#clipped(
          `  ${event.isError ? this.#mark("✗", "x") : this.#mark("↳", "=")} `,
          event.content || "done",
        );
        return this.#view.line(event.isError ? red(text) : dim(text));
      }
      case "approval_wait":
        this.#leaveApproval?.();
        this.#leaveApproval = this.#run && this.#options.onApproval?.(this.#run, this.#view);
        // A question shows the requests in full; these lines are for a terminal that cannot ask.
        if (!this.#leaveApproval)
          this.#view.line(...approvalWords(event.approvals, this.#run).map((line) => yellow(line)));
        return;
      case "artifact":
        return this.#view.line(
          dim(this.#clipped(`${this.#mark("◆", "+")} artifact `, event.artifact.title ?? event.artifact.kind)),
        );
      case "notice":
        this.#lastNotice = event.message;
        return this.#view.line(yellow(this.#clipped("", withAdvice(event))));
      case "thinking":
      case "usage": // the outcome has the total
        return;
      default:
        return assertNever(event);
    }
  }

  interrupted(what: OnInterrupt): void {
    this.#interrupted = true;
    this.#view.line(this.#colors.yellow(interruptWords(what)));
  }

  end(result: Outcome | ExecutionFailure): void {
    this.#leaveApproval?.();
    if (this.#answerApart && !this.#endsLine) void this.#options.screen.stdout.write("\n");
    this.#view.line(
      ...(result instanceof ExecutionFailure ? [this.#failed(withAdvice(result))] : this.#summary(result)),
    );
    this.#view.stop();
    this.#release?.();
  }

  get #colors() {
    const { screen } = this.#options;
    return this.#answerApart ? screen.errorColors : screen.colors;
  }

  get #output() {
    const { screen } = this.#options;
    return this.#answerApart ? screen.stderr : screen.stdout;
  }

  #mark(unicode: string, ascii: string): string {
    return this.#options.screen.unicode ? unicode : ascii;
  }

  #clipped(mark: string, text: string): string {
    const room = this.#output.columns - 1 - widthOf(mark);
    return mark + this.#output.fit(text, room);
  }

  #answer(text: string): Promise<void> | void {
    if (!this.#answerApart) return this.#view.append(text);
    // An answer piped back to this terminal would be torn by the lines that are redrawn.
    if (this.#options.screen.answerMayShow) this.#view.stop();
    this.#endsLine = text.endsWith("\n");
    return this.#options.screen.stdout.write(text);
  }

  #moved(phase: Phase, detail: string | undefined, run: RunRef | undefined): void {
    if (run && run.runId !== this.#run?.runId) {
      this.#view.line(this.#colors.dim(`${this.#run ? "continues as run" : "run"} ${run.runId}`));
      this.#run = run;
    }
    if (phase !== "awaiting_approval") {
      this.#leaveApproval?.();
      this.#leaveApproval = undefined;
    }
    this.#phase = phase;
    this.#detail = detail && this.#output.fit(detail, this.#output.columns);
  }

  #status(): string {
    const { ambient, onInterrupt } = this.#options;
    const what = this.#detail ? `${PHASE_WORDS[this.#phase]}: ${this.#detail}` : PHASE_WORDS[this.#phase];
    const hint = onInterrupt === "cancel" ? "Ctrl-C cancels" : "Ctrl-C stops following";
    const parts = [
      duration(Math.floor((ambient.now() - this.#since) / 1000) * 1000).replace(/\.0s$/, "s"),
      this.#tools > 0 ? count(this.#tools, "tool call") : undefined,
      this.#interrupted ? "Ctrl-C again exits at once" : hint,
    ];
    return [what, ...parts.filter(Boolean)].join(this.#options.screen.unicode ? " · " : " - ");
  }

  #failed(message: string): string {
    return this.#colors.red(`${this.#mark("✗", "x")} ${oneLine(message)}`);
  }

  #summary(outcome: Outcome): string[] {
    const { green, dim, yellow } = this.#colors;
    const words = closingWords(outcome, this.#lastNotice);
    const took = duration(outcome.usage?.durationMs ?? this.#options.ambient.now() - this.#since);
    const first =
      outcome.kind === "completed" && !outcome.cut
        ? green(`${this.#mark("✓", "*")} completed in ${took}`)
        : outcome.kind === "failed" || outcome.kind === "blocked"
          ? this.#failed(words)
          : yellow(words);
    const artifacts = outcome.artifacts.map(({ title, kind, uri }) =>
      oneLine([title ?? kind, uri].filter(Boolean).join(" ")),
    );
    return [
      first,
      ...keyValueTable(
        [
          ["  cost", cost(outcome.usage)],
          ["  tokens", tokens(outcome.usage)],
          ["  artifacts", artifacts.join(", ")],
          ["  page", outcome.run?.url && oneLine(outcome.run.url)],
        ],
        dim,
      ),
    ];
  }
}
