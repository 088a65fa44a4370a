/** Returns the index after the string that begins at `start`; that of the text's end for one that is cut. */
export function endOfString(source: string, start: number): number {
  for (let quote = start; ; ) {
    quote = source.indexOf('"', quote + 1);
    if (quote < 0) return source.length;
    let before = quote - 1;
    while (source[before] === "\\") before -= 1;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
}
