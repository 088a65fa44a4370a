/** A terminal that is closed while a program on it goes on. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { HAVE_PTY, startPtyCommand } from "../support/child-process/pty.ts";

/** Resolves with the content of a file that is written whole, when it is there. */
async function contentOf(path: string): Promise<string> {
  while (!existsSync(path)) await new Promise((resolve) => void setTimeout(resolve, 20));
  return readFileSync(path, "utf8");
}

test.runIf(HAVE_PTY).each(["setsid", "nohup"])(
  "a run that %s keeps going ends as it would, without an abort of Node",
  async (how) => {
    const folder = scratchFolder();
    const prompt = script({ text: "started\n" }, { sleep_ms: 1_500 }, { text: "whole\n" });
    const pty = startPtyCommand({ SEREN_API_BASE: "local", PROMPT: prompt, FOLDER: folder, HOW: how }, (program) => {
      const inner = `${program} run "$PROMPT" >"$FOLDER/out" 2>"$FOLDER/err"; echo $? >"$FOLDER/part"; mv "$FOLDER/part" "$FOLDER/code"`;
      writeFileSync(join(folder, "run.sh"), `trap "" HUP\n${inner}\n`);
      // A shell that is not interactive gives what is in the background no terminal.
      const begin = `T="$(tty)"; $HOW sh "$FOLDER/run.sh" <"$T" &`;
      return `${begin} while ! grep -qs started "$FOLDER/out"; do sleep 0.05; done; echo CLOSE; sleep 30`;
    });
    await pty.sees("CLOSE");
    pty.close();
    expect(await contentOf(join(folder, "code"))).toBe("0\n");
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("started\nwhole\n");
    expect(readFileSync(join(folder, "err"), "utf8")).toBe("");
  },
);
