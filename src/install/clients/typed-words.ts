/** A command as a person would type it in a shell of this system. */

/** Returns the words on one line, in quotes where they need some. */
export function typedWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:=@%+,\\-]+$/.test(word) ? word : quoted(word))).join(" ");
}

function quoted(word: string): string {
  return process.platform === "win32" ? `"${word.replaceAll('"', '\\"')}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
