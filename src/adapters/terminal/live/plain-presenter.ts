/** Presents a run without a live view: the answer unchanged on stdout, approvals and notices on stderr. */
import {
  type Approval,
  decideCommand,
  type ExecutionEvent,
  type Outcome,
  type RunRef,
  visibleText,
  withAdvice,
} from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { printError, type Screen } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import { closingWords, interruptWords } from "./closing-words.ts";
import type { OnInterrupt, Presenter } from "./presenter.ts";

export class PlainPresenter implements Presenter {
  readonly #screen: Screen;
  #endsLine = true;
  #run: RunRef | undefined;
  #approvalShown = false;
  #lastNotice: string | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  start(): void {}

  event(event: ExecutionEvent): Promise<void> | void {
    switch (event.type) {
      case "text":
        return this.#answer(event.text);
      case "status":
        this.#run = event.run ?? this.#run;
        return;
      case "approval_wait":
        this.#approvalShown = true;
        return printError(this.#screen, ...approvalWords(event.approvals, this.#run));
      case "notice":
        this.#lastNotice = event.message;
        return printError(this.#screen, `seren-bridge: ${oneLine(withAdvice(event))}`);
      case "thinking":
      case "tool_call":
      case "tool_result":
      case "artifact":
      case "usage":
        return; // only the live view shows the steps of a run
      default:
        return assertNever(event);
    }
  }

  interrupted(what: OnInterrupt): void {
    printError(this.#screen, `seren-bridge: ${interruptWords(what)}`);
  }

  end(result: Outcome | ExecutionFailure): void {
    if (!this.#endsLine) void this.#screen.stdout.write("\n");
    if (result instanceof ExecutionFailure) printError(this.#screen, `seren-bridge: ${oneLine(withAdvice(result))}`);
    else if (
      (result.kind === "completed" && !result.cut) ||
      (result.kind === "awaiting_approval" && this.#approvalShown)
    )
      return;
    else printError(this.#screen, `seren-bridge: ${closingWords(result, this.#lastNotice)}`);
  }

  #answer(text: string): Promise<void> | void {
    this.#endsLine = text.endsWith("\n");
    return this.#screen.stdout.write(text);
  }
}

/** Returns lines with what waits and the command that decides it. */
export function approvalWords(approvals: readonly Approval[], run: RunRef | undefined): string[] {
  const what = approvals.map(
    ({ tool, reason }) => `  ${visibleText(tool)}${reason ? ` (${visibleText(reason)})` : ""}`,
  );
  return [
    "seren-bridge: the run waits for your approval:",
    ...what,
    `  decide with: ${decideCommand(run?.runId ?? "<run>")}`,
  ];
}
