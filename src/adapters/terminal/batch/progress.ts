/** Shows how far a batch is: a line at the bottom of a terminal that is redrawn, or now and then a line of its own. */
import type { Ambient } from "../../../support/ambient.ts";
import { printError, type Screen } from "../screen/screen.ts";
import { widthOf } from "../screen/width.ts";

const DRAW_EVERY_MS = 250;
const PRINT_EVERY_MS = 30_000;

export class Progress {
  readonly #screen: Screen;
  readonly #ambient: Ambient;
  readonly #words: () => string;
  readonly #isDrawn: boolean;
  #stopTimer: (() => void) | undefined;

  constructor(screen: Screen, ambient: Ambient, words: () => string) {
    this.#screen = screen;
    this.#ambient = ambient;
    this.#words = words;
    this.#isDrawn = screen.animated && screen.stderr.isTTY;
  }

  start(): void {
    if (this.#isDrawn) this.#draw();
    const show = () => {
      if (this.#isDrawn) this.#draw();
      else printError(this.#screen, this.#words());
      this.#stopTimer = this.#ambient.timer(this.#isDrawn ? DRAW_EVERY_MS : PRINT_EVERY_MS, show, { unref: true });
    };
    this.#stopTimer = this.#ambient.timer(this.#isDrawn ? DRAW_EVERY_MS : PRINT_EVERY_MS, show, { unref: true });
  }

  end(): void {
    this.#stopTimer?.();
    if (this.#isDrawn) this.#screen.stderr.draw("", []);
  }

  #draw(): void {
    const { stderr } = this.#screen;
    const text = stderr.fit(this.#words(), stderr.columns - 1);
    stderr.draw("", [{ text, width: widthOf(text) }]);
  }
}
