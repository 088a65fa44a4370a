/** Ctrl-Z on a terminal: the shell gets its prompt in order, and `fg` draws the screen again. */
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { DOWN, ENTER, HAVE_PTY, startPtyCommand } from "../support/child-process/pty.ts";

const CTRL_Z = "\x1a";

test.runIf(HAVE_PTY)("in the live view", async () => {
  const server = await startCloud();
  const prompt = script({ text: "started\n" }, { sleep_ms: 2_000 }, { text: "whole\n" });
  const pty = startPtyCommand(server.env, (program) => `set -m; ${program} run '${prompt}'; echo SHELL; fg`);
  await pty.sees("Ctrl-C cancels");
  await pty.sees("started");
  pty.type(CTRL_Z);
  await pty.sees("SHELL");
  const shell = pty.shown().indexOf("SHELL");
  const status = pty.shown().lastIndexOf("Ctrl-C cancels", shell);
  expect(pty.shown().slice(status, shell)).toContain("\x1b[J"); // it does not stand where the prompt comes
  await pty.sees("Ctrl-C cancels", shell);
  expect(await pty.ended).toBe(0);
  expect(pty.shown()).toContain("whole");
});

test.runIf(HAVE_PTY)("in `watch`, which reads single keys", async () => {
  const server = await startCloud();
  const pty = startPtyCommand(
    server.env,
    (program) => `set -m; ${program} watch; echo SHELL-$(stty -a | grep -c ' icanon'); fg`,
  );
  await pty.sees("q quit");
  pty.type(CTRL_Z);
  await pty.sees("SHELL-1"); // lines again, as a shell's commands need them
  await pty.sees("q quit", pty.shown().indexOf("SHELL-1"));
  pty.type("q");
  expect(await pty.ended).toBe(0);
});

test.runIf(HAVE_PTY)("at a question, which is asked again, also twice", async () => {
  const server = await startCloud();
  const prompt = script({ approve: "deploy" }, { text: "whole\n" });
  const pty = startPtyCommand(
    server.env,
    (program) => `stty cols 80 rows 24; set -m; ${program} run '${prompt}'; echo FIRST; fg; echo SECOND; fg`,
  );
  await pty.sees("to navigate");
  pty.type(CTRL_Z);
  await pty.sees("FIRST");
  await pty.sees("to navigate", pty.shown().indexOf("FIRST"));
  pty.type(CTRL_Z);
  await pty.sees("SECOND");
  await pty.sees("to navigate", pty.shown().indexOf("SECOND"));
  pty.type(DOWN + ENTER);
  expect(await pty.ended).toBe(0);
  expect(pty.shown()).toContain("whole");
});
