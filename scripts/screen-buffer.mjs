/** As much of a terminal as the live view uses: a grid of coloured cells, moving up, erasing below. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read
const PIECE = /\x1b\[\??([0-9;]*)([A-Za-z])|[\s\S]/gu;

export class ScreenBuffer {
  rows = [[]];
  #row = 0;
  #column = 0;
  #look = {};

  write(text) {
    for (const [piece, numbers, letter] of text.matchAll(PIECE)) {
      if (letter) this.#control(letter, numbers);
      else if (piece === "\n") this.#down();
      else if (piece === "\r") this.#column = 0;
      else if (piece >= " ") this.#put(piece);
    }
  }

  copy() {
    const copy = new ScreenBuffer();
    copy.rows = structuredClone(this.rows);
    return copy;
  }

  #control(letter, numbers) {
    const count = Number(numbers) || 1;
    if (letter === "A") this.#row = Math.max(0, this.#row - count);
    else if (letter === "J") this.rows.length = this.#row + 1;
    if (letter === "J" || letter === "K") this.rows[this.#row] = this.rows[this.#row].slice(0, this.#column);
    if (letter !== "m") return;
    for (const code of numbers.split(";").map(Number)) {
      if (code === 0) this.#look = {};
      else if (code === 1) this.#look = { ...this.#look, bold: true };
      else if (code === 2) this.#look = { ...this.#look, dim: true };
      else if (code === 22) this.#look = { ...this.#look, bold: undefined, dim: undefined };
      else if (code >= 30 && code <= 37) this.#look = { ...this.#look, colour: code };
      else if (code === 39) this.#look = { ...this.#look, colour: undefined };
    }
  }

  #down() {
    this.#row += 1;
    this.#column = 0;
    this.rows[this.#row] ??= [];
  }

  #put(text) {
    const row = this.rows[this.#row];
    while (row.length < this.#column) row.push({ text: " " });
    row[this.#column] = { text, ...this.#look };
    this.#column += 1;
  }
}
