/** Every file that a document names exists, and the table of invariants names all tests of the invariants. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/child-process/child.ts";

const listed = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => (folder === "." ? name : `${folder}/${name}`));

/** The changelog speaks of files that may be gone; the notices are generated. */
const HISTORY = ["CHANGELOG.md", "THIRD-PARTY-NOTICES.md"];
const PAGES = [
  ...listed(".").filter((page) => !HISTORY.includes(page)),
  ...listed("docs"),
  "docs/reference/README.md",
  "bench/RESULTS.md",
  "protocols/README.md",
];
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

/** Folders whose files the documents speak of. Build output and what only exists elsewhere are not among them. */
const PATH =
  /(?<![\w./@-])((?:src|protocols|test|docs|scripts|bench|examples|skills|catalog|\.github|\.ci)\/[\w./{},*-]*)/g;

/** `a/{b,c}` names `a/b` and `a/c`. */
function expanded(path: string): string[] {
  const braces = /^(.*?)\{([^}]*)\}(.*)$/.exec(path);
  if (!braces) return [path];
  const [, before = "", list = "", after = ""] = braces;
  return list.split(",").flatMap((one) => expanded(before + one + after));
}

/** Paths of a page, without the punctuation of its sentence; of a pattern, the folder it is in. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(PATH)].flatMap(([, path = ""]) =>
    expanded(path.replace(/[.,}]+$/, "")).map((one) =>
      one.includes("*") ? dirname(one.slice(0, one.indexOf("*") + 1)) : one,
    ),
  );
}

test("the documents name files", () => {
  expect(pathsIn(textOf("docs/architecture.md")).length).toBeGreaterThan(40);
});

test.each(PAGES)("the files %s names exist", (page) => {
  const own = dirname(page);
  for (const path of pathsIn(textOf(page))) {
    const there = existsSync(join(ROOT, path)) || existsSync(join(ROOT, own, path));
    expect(there, `${page} names ${path}`).toBe(true);
  }
});

test.each(PAGES)("%s links to what is there", (page) => {
  for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
    if (/^https?:/.test(target)) continue;
    expect(existsSync(join(ROOT, dirname(page), target)), `${page} links to ${target}`).toBe(true);
  }
});

test("the glossary's names are in the files it names", () => {
  const glossary = textOf("docs/architecture.md").split("\n## Glossary\n")[1] ?? "";
  const rows = [...glossary.matchAll(/^\| ([^|]+) \| .* \| `([^`]+\.ts)` \|$/gm)];
  const names = rows.flatMap(([, words = "", path = ""]) =>
    [...words.matchAll(/\b(?:[A-Z][a-z]+){2,}\b/g)].map(([name]) => ({ name, path })),
  );
  expect(names.length).toBeGreaterThanOrEqual(8);
  for (const { name, path } of names)
    expect(readFileSync(join(ROOT, path), "utf8"), `${path}: ${name}`).toContain(name);
});

test("each invariant has its test, and each test its invariant", () => {
  const rows = [...textOf("docs/architecture.md").matchAll(/^\| (I\d+) \|.*\| `(test\/invariants\/[^`]+)` \|$/gm)];
  const tests = readdirSync(join(ROOT, "test/invariants")).filter((name) => name.endsWith(".test.ts"));
  expect(rows.map(([, , path]) => path).sort()).toEqual(tests.map((name) => `test/invariants/${name}`).sort());
  for (const [, name = "", path = ""] of rows) expect(path).toContain(`/${name.toLowerCase()}-`);
});
