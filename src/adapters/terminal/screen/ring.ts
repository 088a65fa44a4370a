/** Tells a person who is not looking at the terminal: the bell, and a notice of the terminal's own where it knows one. */
import type { Screen } from "./screen.ts";
import type { Alert } from "./writer.ts";

type Variable = (name: string) => string | undefined;

/** On the stream that is a terminal; on none when neither is. */
export function ringTerminal(
  { stdout, stderr }: Pick<Screen, "stdout" | "stderr">,
  words: { title: string; body: string },
  variable: Variable,
): void {
  const writer = [stderr, stdout].find(({ isTTY }) => isTTY);
  writer?.alert(alertOf(variable), words);
}

/** A multiplexer swallows what it does not know, and passes the bell on. */
function alertOf(variable: Variable): Alert {
  const term = variable("TERM") ?? "";
  if (variable("TMUX") !== undefined || /^(?:screen|tmux|dumb|linux)/.test(term)) return "bell";
  if (/^(?:foot|rxvt-unicode)/.test(term) || variable("VTE_VERSION") !== undefined) return "osc777";
  if (/^xterm-(?:kitty|ghostty)/.test(term) || KNOWS_OSC9.has(variable("TERM_PROGRAM") ?? "")) return "osc9";
  return "bell";
}

const KNOWS_OSC9: ReadonlySet<string> = new Set(["iTerm.app", "WezTerm", "ghostty", "WarpTerminal"]);
