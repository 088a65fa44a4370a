/** Presents a run as JSON lines on stdout. */
import type { ExecutionEvent, Outcome } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Screen } from "../screen/screen.ts";
import type { Presenter } from "./presenter.ts";
import { errorLine, eventLine, outcomeLine } from "./run-output-lines.ts";
import type { RunOutputLine } from "./run-output-schema.ts";

export class JsonPresenter implements Presenter {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  start(): void {}

  event(event: ExecutionEvent): Promise<void> | void {
    return this.#write(eventLine(event));
  }

  interrupted(): void {}

  end(result: Outcome | ExecutionFailure): void {
    void this.#write(result instanceof ExecutionFailure ? errorLine(result) : outcomeLine(result));
  }

  #write(line: RunOutputLine): Promise<void> | void {
    return this.#screen.stdout.json(line);
  }
}
