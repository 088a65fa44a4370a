/** The generated completions in their shells. The tests of a shell that is not installed are skipped and say so. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";

const COMMANDS =
  "run batch watch runs spend approvals agents deployments login logout doctor setup config schema local completion help".split(
    " ",
  );
const RUN_OPTIONS =
  "--deployment --model --session --continue --inputs --timeout --approvals --detach --save-artifacts --json --help".split(
    " ",
  );

/** What is typed, and what is offered; a file and a folder are in the working folder. */
const CASES: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ["", COMMANDS],
  ["ru", ["run", "runs"]],
  ["runs ", ["list", "show", "follow", "export", "cancel", "reply", "retry", "resume", "help"]],
  ["--no-color runs ", ["list", "show", "follow", "export", "cancel", "reply", "retry", "resume", "help"]],
  ["runs fo", ["follow"]],
  ["runs follow --", ["--timeout", "--save-artifacts", "--json", "--help"]],
  ["runs follow 1f3c --t", ["--timeout"]],
  ["runs follow runs --j", ["--json"]],
  ["runs export 1f3c --format ", ["md", "html", "jsonl"]],
  ["run --", RUN_OPTIONS],
  ["run --timeout 5 --se", ["--session"]],
  ["run --approvals ", ["wait", "return"]],
  ["run -s runs --appr", ["--approvals"]],
  ["run parc", ["parcel"]],
  ["local --state parc", ["parcel"]],
  ["local --faults pla", ["plan.json"]],
  ["completion f", ["fish"]],
  ["config --", ["--example", "--json", "--help"]],
  ["schema ", ["config", "run", "batch", "task-input"]],
  ["setup r", ["roder"]],
  ["batch parc", ["parcel"]],
  ["batch --out pla", ["plan.json"]],
];

/** Prints the completions of `words`, one per line. The cursor is at the last word. */
const DRIVERS: Readonly<Record<string, (words: readonly string[], script: string) => string[]>> = {
  bash: (words, script) => [
    "--norc",
    "-c",
    `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _seren_bridge; printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    ...words,
  ],
  // The completion system itself needs a terminal; these are the only parts of it that the script calls.
  zsh: (words, script) => [
    "-f",
    "-c",
    `compdef() { }
     offered() { local one; for one in "$@"; do [[ "$one" == "\${words[CURRENT]}"* ]] && print -r -- "$one"; done }
     _describe() { local -a all; all=("\${(@P)2}"); offered "\${(@)all%%:*}" }
     compadd() { shift; offered "$@" }
     _files() { offered *(N) }
     source ${script}; words=("$@"); CURRENT=$#; _seren_bridge`,
    "zsh",
    ...words,
  ],
  fish: (words, script) => [
    "-N",
    "-c",
    `source ${script}; complete -C '${words.join(" ")}' | string replace -r '\\t.*' ''`,
  ],
};

describe.each(Object.entries(DRIVERS))("%s", (shell, driver) => {
  const installed = spawnSync(shell, ["-c", "exit 0"]).status === 0;
  if (!installed) {
    test.skip(`${shell} is not installed here`, () => undefined);
    return;
  }

  test("completes what may come next", () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, "parcel"));
    writeFileSync(join(folder, "plan.json"), "{}");
    const env = { PATH: process.env.PATH, HOME: folder, LANG: "C.UTF-8" };
    const made = spawnSync(process.execPath, [requireBuilt(PROGRAM), "completion", shell], { encoding: "utf8", env });
    expect(made).toMatchObject({ status: 0, stderr: "" });
    const script = join(folder, `.completion.${shell}`);
    writeFileSync(script, made.stdout);
    for (const [typed, offered] of CASES) {
      const words = ["seren-bridge", ...typed.split(" ")];
      const { stdout, stderr } = spawnSync(shell, driver(words, script), { cwd: folder, env, encoding: "utf8" });
      const found = stdout
        .split("\n")
        .filter(Boolean)
        .map((word) => word.replace(/\/$/, ""));
      expect(stderr, typed).toBe("");
      // Options may be offered beside commands; what a person asked for is what counts.
      const wanted = found.filter((word) => typed.split(" ").at(-1)?.startsWith("-") || !word.startsWith("-"));
      expect(wanted.toSorted(), `${shell}: ${typed}`).toEqual([...offered].sort());
    }
  });
});
