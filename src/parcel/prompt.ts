/** The prompt of a parcel, byte for byte as Dispatch resolves it (`dispatch:crates/dispatch-core/src/courier/parcel.rs`). */
import { ExecutionFailure } from "../support/failure.ts";
import type { ParcelFiles } from "./integrity.ts";
import type { Parcel } from "./load.ts";

/** Largest prompt. A manifest may name one file many times over, so the sum needs a bound of its own. */
const MAX_PROMPT_BYTES = 16 * 1024 * 1024;

/**
 * Returns the instructions in the order of the Agentfile, evals left out, then the inline prompts. Empty when nothing is declared.
 * Throws `invalid_input` for a file that is not UTF-8 and for a prompt above `MAX_PROMPT_BYTES`.
 */
export async function resolvePrompt({ manifest }: Parcel, files: ParcelFiles): Promise<string> {
  const sections: string[] = [];
  let size = 0;
  const add = (kind: string, body: string) => {
    const section = `# ${kind}\n\n${trimEnd(body)}`;
    size += Buffer.byteLength(section);
    if (size > MAX_PROMPT_BYTES) {
      throw new ExecutionFailure("invalid_input", `the parcel's prompt is larger than ${MAX_PROMPT_BYTES} bytes`);
    }
    sections.push(section);
  };
  for (const { kind, packaged_path, skill_name } of manifest.instructions) {
    if (kind === "eval") continue;
    const text = await files.readText(packaged_path);
    // A skill given as a file has no name, and its front matter is part of the prompt.
    add(kind.toUpperCase(), kind === "skill" && skill_name != null ? withoutFrontMatter(text) : text);
  }
  for (const prompt of manifest.inline_prompts) add("PROMPT", prompt);
  return sections.join("\n\n");
}

/** Removes the front matter. Its closing line needs a newline before and after it; without one the text is unchanged. */
function withoutFrontMatter(text: string): string {
  const opening = ["---\n", "---\r\n"].find((line) => text.startsWith(line));
  if (opening === undefined) return text;
  for (const closing of ["\n---\n", "\r\n---\r\n"]) {
    const at = text.indexOf(closing, opening.length);
    if (at >= 0) return text.slice(at + closing.length);
  }
  return text;
}

const WHITE_SPACE = /\p{White_Space}/u;

/**
 * Strips Unicode White_Space as Rust does: NEL is removed and FEFF kept, the opposite of `String.trimEnd`.
 * A pattern anchored at the end would take quadratic time for blanks inside the text, so this is a loop.
 */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
