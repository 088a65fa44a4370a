/** Approvals in the live view, on a pseudo-terminal: the run is followed until it continues. */
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { DOWN, ENTER, HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const WAITS = script({ text: "early\n" }, { approve: "deploy", args: { env: "prod" } }, { text: "late\n" });
/** Lines as they scrolled by, without what was drawn over. */
const linesOf = (shown: string) => stripVTControlCharacters(shown).split(/\r?\n|\r/);
const times = (shown: string, line: string) => linesOf(shown).filter((one) => one === line).length;

test.runIf(HAVE_PTY).each(["same_run", "new_run", "new_run_repeating"] as const)(
  "`run` shows the request, asks, and follows to the end (%s)",
  async (approvalResume) => {
    const server = await startCloud({ approvalResume });
    const pty = startPty(server.env, ["run", WAITS]);
    await pty.sees("Allow this?");
    expect(pty.shown()).toContain('"env": "prod"');
    pty.type(DOWN + ENTER);
    expect(await pty.ended).toBe(0);
    expect(times(pty.shown(), "early")).toBe(1);
    expect(times(pty.shown(), "late")).toBe(1);
    expect(linesOf(pty.shown()).join("\n")).toMatch(/✓ completed in \d/);
    expect(/continues as run [0-9a-f-]{36}/.test(pty.shown())).toBe(approvalResume !== "same_run");
    expect(server.cloud.stats().runsActive).toEqual([]);
  },
);

test.runIf(HAVE_PTY)("`runs follow` does, too, and Ctrl-C then leaves the new run alone", async () => {
  const server = await startCloud({ approvalResume: "new_run" });
  const waits = script({ text: "early\n" }, { approve: "deploy" }, { text: "late\n" }, { approve: "again" });
  const { stdout } = await startTerminal(server.env, ["run", "--detach", waits]).ended;
  const pty = startPty(server.env, ["runs", "follow", stdout.trim()]);
  await pty.sees("Allow this?");
  pty.type(DOWN + ENTER);
  await pty.sees("late");
  await pty.sees("Allow this?", pty.shown().indexOf("late"));
  const { length } = pty.shown();
  pty.type("\x03"); // leaves the question alone
  await pty.sees("Ctrl-C stops following", length);
  pty.type("\x03");
  await pty.ended;
  expect(server.cloud.stats()).toMatchObject({ runsActive: [expect.any(String)], cancelsReceived: 0 });
});

test.runIf(HAVE_PTY)("Ctrl-C in `run` cancels the run it has been followed to", async () => {
  const server = await startCloud({ approvalResume: "new_run" });
  const pty = startPty(server.env, ["run", script({ approve: "deploy" }, { text: "late\n" }, { hang: true })]);
  await pty.sees("Allow this?");
  pty.type(DOWN + ENTER);
  await pty.sees("late");
  pty.type("\x03");
  expect(await pty.ended).toBe(130);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

test.runIf(HAVE_PTY).each(["run", "approvals approve"])(
  "`%s` shows what is approved also where it has the form of a secret, and no secret that is known",
  async (command) => {
    const server = await startCloud();
    const key = server.env.SEREN_API_KEY ?? "";
    const request = { approve: "deploy", args: { sh: "true ?sig=;rm$IFS~", to: "Bearer ../../etc/passwd", key } };
    const prompt = script(request, { text: "late\n" });
    let args = ["run", prompt];
    if (command !== "run") {
      await startTerminal(server.env, ["run", "--approvals", "return", prompt]).ended;
      args = ["approvals", "approve", (await server.run(0)).runId];
    }
    const pty = startPty(server.env, args);
    await pty.sees(command === "run" ? "Allow this?" : "Approve this?");
    expect(pty.shown()).toContain('"sh": "true ?sig=;rm$IFS~"');
    expect(pty.shown()).toContain('"to": "Bearer ../../etc/passwd"');
    expect(key.length).toBeGreaterThan(5);
    expect(pty.shown()).not.toContain(key);
    pty.type((command === "run" ? DOWN + DOWN : "n") + ENTER);
    await pty.ended;
  },
);
