/** A terminal on stderr while stdout leads elsewhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { HAVE_PTY, startPtyCommand } from "../support/child-process/pty.ts";

const ANSWER = script({ sleep_ms: 300 }, { text: "one\n" }, { sleep_ms: 300 }, { text: "two\n" });
const env = { SEREN_API_BASE: "local" };

test.runIf(HAVE_PTY)("an answer that is piped back to the terminal is not torn by the status line", async () => {
  const pty = startPtyCommand(env, (program) => `${program} run '${ANSWER}' | cat`);
  expect(await pty.ended).toBe(0);
  expect(pty.shown()).toContain("Ctrl-C cancels");
  const after = pty.shown().slice(pty.shown().indexOf("one\r\n"));
  // `cat` may write the last line after the program has written its own last one.
  const lines = stripVTControlCharacters(after).split("\r\n");
  expect(lines.filter((line) => line === "two" || line.startsWith("✓ completed in "))).toHaveLength(2);
  expect(lines[0]).toBe("one");
});

test.runIf(HAVE_PTY)("with the answer in a file, the status line stays", async () => {
  const file = join(scratchFolder(), "answer");
  const pty = startPtyCommand(env, (program) => `${program} run '${ANSWER}' > '${file}'`);
  expect(await pty.ended).toBe(0);
  expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  expect(pty.shown()).toContain("running");
  expect(stripVTControlCharacters(pty.shown())).not.toContain("one");
});
