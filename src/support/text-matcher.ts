/**
 * Finds many words in a text in one pass (Aho and Corasick, 1975). Its cost is linear in the text, whatever the text and the
 * words are, and its state says how much of a word the text ends with, so a text can be searched in pieces.
 */

/** A state of the search: a node of the tree of all words. */
export type MatcherState = number;

export const START: MatcherState = 0;

const NEAR_DEPTH = 3;

export class TextMatcher {
  /** Node that follows the root for each unit of ASCII; the root itself for a unit that begins no word. */
  readonly #first = new Int32Array(0x80);
  /** The same for the other units, which few secrets begin with. */
  readonly #firstBeyond = new Map<number, number>();
  /** Children of the nodes near the root, which have many: by node and unit. */
  readonly #near = new Map<number, number>();
  readonly #unit: number[] = [0];
  readonly #child: number[] = [0];
  readonly #sibling: number[] = [0];
  /** The node of the longest end of this node's text that also begins a word. */
  readonly #shorter: number[] = [0];
  readonly #depth: number[] = [0];
  /** Length of the longest word that ends at this node. */
  readonly #match: number[] = [0];
  /** Length of the shortest word that goes through this node. */
  readonly #word: number[] = [0];
  /** Depth of the longest end of this node's text that a longer word begins with. */
  readonly #open: number[] = [0];

  constructor(words: Iterable<string>) {
    for (const word of words) this.#insert(word);
    this.#link();
  }

  /** Returns the state after one more UTF-16 unit. */
  next(from: MatcherState, unit: number): MatcherState {
    let state = from;
    while (state !== START) {
      const node = this.#childOf(state, unit);
      if (node !== START) return node;
      state = this.#shorter[state] ?? START;
    }
    return this.#firstOf(unit);
  }

  /** Returns the length of the longest end of the text that may still grow into a word. */
  open(state: MatcherState): number {
    return this.#open[state] ?? 0;
  }

  /** Returns the length of the longest word that the text ends with; 0 for none. */
  match(state: MatcherState): number {
    return this.#match[state] ?? 0;
  }

  /** Returns the length of the shortest word that begins with all that this state has read. */
  word(state: MatcherState): number {
    return this.#word[state] ?? 0;
  }

  #firstOf(unit: number): number {
    return (unit < 0x80 ? this.#first[unit] : this.#firstBeyond.get(unit)) ?? START;
  }

  #childOf(node: number, unit: number): number {
    if (node === START) return this.#firstOf(unit);
    if ((this.#depth[node] ?? 0) <= NEAR_DEPTH) return this.#near.get(node * 0x10000 + unit) ?? START;
    let child = this.#child[node] ?? START;
    while (child !== START && this.#unit[child] !== unit) child = this.#sibling[child] ?? START;
    return child;
  }

  #insert(word: string): void {
    let node = START;
    for (let at = 0; at < word.length; at += 1) {
      const unit = word.charCodeAt(at);
      const known = this.#childOf(node, unit);
      node = known === START ? this.#grow(node, unit) : known;
      this.#word[node] = Math.min(this.#word[node] || word.length, word.length);
    }
    this.#match[node] = word.length;
  }

  #grow(parent: number, unit: number): number {
    const node = this.#unit.length;
    this.#unit.push(unit);
    this.#child.push(START);
    this.#sibling.push(parent === START ? START : (this.#child[parent] ?? START));
    this.#shorter.push(START);
    this.#depth.push((this.#depth[parent] ?? 0) + 1);
    this.#match.push(0);
    this.#word.push(0);
    this.#open.push(0);
    if (parent !== START && (this.#depth[parent] ?? 0) <= NEAR_DEPTH) this.#near.set(parent * 0x10000 + unit, node);
    if (parent !== START) this.#child[parent] = node;
    else if (unit < 0x80) this.#first[unit] = node;
    else this.#firstBeyond.set(unit, node);
    return node;
  }

  /** Sets `#shorter`, nodes nearer to the root first, because each link follows those of shorter texts. */
  #link(): void {
    const queue = [...this.#first, ...this.#firstBeyond.values()].filter((node) => node !== START);
    for (let at = 0; at < queue.length; at += 1) {
      const parent = queue[at] ?? START;
      const isWhole = this.#child[parent] === START;
      this.#open[parent] = isWhole ? this.open(this.#shorter[parent] ?? START) : (this.#depth[parent] ?? 0);
      for (let node = this.#child[parent] ?? START; node !== START; node = this.#sibling[node] ?? START) {
        const shorter = this.next(this.#shorter[parent] ?? START, this.#unit[node] ?? 0);
        this.#shorter[node] = shorter;
        if (this.match(node) === 0) this.#match[node] = this.match(shorter);
        queue.push(node);
      }
    }
  }
}
