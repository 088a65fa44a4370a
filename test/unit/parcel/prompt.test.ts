import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ParcelManifest } from "#protocols/dispatch-courier";
import { loadParcel, resolvePrompt, verifyParcel } from "../../../src/parcel/index.ts";
import { FIXTURES, failureOf, openBuilt, parcelDir, sha256 } from "./parcels.ts";

const CASES = ["bound", "chat", "heartbeat", "job", "minimal", "mounts", "skills", "tools", "unicode"];

test.each(CASES)("the prompt of %s is the one Dispatch resolves, byte for byte", async (name) => {
  const parcel = await loadParcel(parcelDir(name));
  const prompt = await resolvePrompt(parcel, await verifyParcel(parcel));
  expect(Buffer.from(prompt)).toEqual(await readFile(join(FIXTURES, "expected", `${name}.prompt.txt`)));
});

async function promptOf(files: Record<string, string | Buffer>, change: Partial<ParcelManifest>): Promise<string> {
  const { parcel, files: verified } = await openBuilt(files, change);
  return resolvePrompt(parcel, verified);
}
const skill = (text: string | Buffer, skill_name?: string) =>
  promptOf(
    { "SKILL.md": text },
    {
      instructions: [
        { kind: "skill", packaged_path: "SKILL.md", sha256: sha256(text), ...(skill_name ? { skill_name } : {}) },
      ],
    },
  );

describe("front matter of a skill", () => {
  test.each([
    ["is stripped", "---\nname: a\n---\nbody", "body"],
    ["ends at the first closing line", "---\na: b\n---\nbody\n---\nrest", "body\n---\nrest"],
    ["may have CRLF", "---\r\na: b\r\n---\r\nbody", "body"],
    ["may open with CRLF and close with LF", "---\r\na: b\n---\nbody", "body"],
    ["prefers the LF closing line, wherever it is", "---\r\na: b\r\n---\r\nbody\n---\nrest", "rest"],
    ["needs a newline after the closing line", "---\na: b\n---", "---\na: b\n---"],
    ["needs a closing line", "---\na: b\nbody", "---\na: b\nbody"],
    ["must not be empty", "---\n---\nbody", "---\n---\nbody"],
    ["starts on the first line", "\n---\na: b\n---\nbody", "\n---\na: b\n---\nbody"],
    ["is not found behind a byte order mark", "\uFEFF---\na: b\n---\nbody", "\uFEFF---\na: b\n---\nbody"],
  ])("%s", async (_, text, body) => {
    expect(await skill(text, "named")).toBe(`# SKILL\n\n${body}`);
  });

  test("stays when the skill is a file", async () => {
    expect(await skill("---\nname: a\n---\nbody")).toBe("# SKILL\n\n---\nname: a\n---\nbody");
  });
});

test("trailing Unicode white space is removed, and nothing else", async () => {
  const white = "\u0009\u000a\u000b\u000c\u000d\u0020\u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000";
  expect(await promptOf({}, { inline_prompts: [` a${white}`, "b\uFEFF ", "c\u200b ", "d\u180e", white, ""] })).toBe(
    "# PROMPT\n\n a\n\n# PROMPT\n\nb\uFEFF\n\n# PROMPT\n\nc\u200b\n\n# PROMPT\n\nd\u180e\n\n# PROMPT\n\n\n\n# PROMPT\n\n",
  );
});

test("evals are left out, kinds may repeat, and without instructions the prompt is empty", async () => {
  const entry = (kind: "soul" | "eval" | "tools", text: string) => ({
    kind,
    packaged_path: `./${text}.md`,
    sha256: sha256(text),
  });
  const files = { "a.md": "a", "b.md": "b", "c.md": "c" };
  expect(
    await promptOf(files, {
      instructions: [entry("tools", "b"), entry("eval", "c"), entry("soul", "a"), entry("tools", "b")],
    }),
  ).toBe("# TOOLS\n\nb\n\n# SOUL\n\na\n\n# TOOLS\n\nb");
  expect(await promptOf(files, {})).toBe("");
});

test("a file that is not UTF-8 is an error, not a replacement character", async () => {
  expect(await failureOf(() => skill(Buffer.from([0x61, 0xff])))).toEqual({
    kind: "invalid_input",
    message: 'the parcel\'s file "SKILL.md" is not valid UTF-8 text',
  });
});

test("a file that is named many times cannot fill the memory", async () => {
  const text = "x".repeat(1024 * 1024);
  const instructions = Array.from({ length: 20 }, () => ({
    kind: "soul" as const,
    packaged_path: "a",
    sha256: sha256(text),
  }));
  expect(await failureOf(() => promptOf({ a: text }, { instructions }))).toEqual({
    kind: "invalid_input",
    message: "the parcel's prompt is larger than 16777216 bytes",
  });
});

test("blanks inside a long text take linear time", async () => {
  const text = `${" ".repeat(1_000_000)}x`;
  expect(await promptOf({}, { inline_prompts: [text] })).toBe(`# PROMPT\n\n${text}`);
});
