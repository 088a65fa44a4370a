/** The answer on stdout, byte for byte, and the few things a person should know on stderr. */
import {
  type Approval,
  decideCommand,
  type ExecutionEvent,
  type Outcome,
  type RunRef,
  withAdvice,
} from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { printError, type Screen, writeOut } from "../screen.ts";
import { oneLine } from "../text.ts";
import { closingWords, interruptWords } from "./closing-words.ts";
import type { OnInterrupt, Presenter } from "./presenter.ts";

export class PlainPresenter implements Presenter {
  readonly #screen: Screen;
  #endsLine = true;
  #run: RunRef | undefined;
  #toldWaiting = false;
  #told: string | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  start(): void {}

  event(event: ExecutionEvent): Promise<void> | void {
    switch (event.type) {
      case "text":
        return this.#answer(event.text);
      case "status":
        this.#run ??= event.run;
        return;
      case "approval_wait":
        this.#toldWaiting = true;
        return printError(this.#screen, ...approvalWords(event.approvals, this.#run));
      case "notice":
        this.#told = event.message;
        return printError(this.#screen, `seren-bridge: ${oneLine(withAdvice(event))}`);
      default:
        return;
    }
  }

  interrupted(what: OnInterrupt): void {
    printError(this.#screen, `seren-bridge: ${interruptWords(what)}`);
  }

  end(result: Outcome | ExecutionFailure): void {
    if (!this.#endsLine) this.#screen.stdout.write("\n");
    if (result instanceof ExecutionFailure) printError(this.#screen, `seren-bridge: ${oneLine(withAdvice(result))}`);
    else if (result.kind === "completed" || (result.kind === "awaiting_approval" && this.#toldWaiting)) return;
    else printError(this.#screen, `seren-bridge: ${closingWords(result, this.#told)}`);
  }

  #answer(text: string): Promise<void> | void {
    this.#endsLine = text.endsWith("\n");
    return writeOut(this.#screen.stdout, text);
  }
}

/** What waits, and the command that decides it. */
export function approvalWords(approvals: readonly Approval[], run: RunRef | undefined): string[] {
  const what = approvals.map(({ tool, reason }) => `  ${oneLine(tool)}${reason ? ` (${oneLine(reason)})` : ""}`);
  return [
    "seren-bridge: the run waits for your approval:",
    ...what,
    `  decide with: ${decideCommand(run?.runId ?? "<run>")}`,
  ];
}
