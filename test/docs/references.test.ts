/** Every citation of `docs/reference/` names a file and a section that exist. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/child-process/child.ts";

const FOLDER = "docs/reference";
const NUMBER = String.raw`\d+(?:\.\d+)*`;
const CITATION = new RegExp(
  String.raw`${FOLDER}/([\w.-]+\.md)\W{0,2},\s+sections?\s+(${NUMBER}(?:(?:,\s+|\s+and\s+|\s+to\s+)${NUMBER})*)`,
  "g",
);

/** The section numbers of a reference: its headings, and the numbered rows of a section that is one table ("12.1"). */
function sectionsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#{2,4} (\d+(?:\.\d+)*)\.? /gm)];
  const rows = [...text.matchAll(/^\| (\d+\.\d+) \|/gm)];
  return [...headings, ...rows].map(([, number = ""]) => number);
}

const sections = new Map(
  readdirSync(join(ROOT, FOLDER))
    .filter((name) => name.endsWith(".md"))
    .map((name) => [name, sectionsOf(readFileSync(join(ROOT, FOLDER, name), "utf8"))]),
);

/** A file as one line, so that a citation which a comment wraps is found. */
const flat = (path: string) => readFileSync(join(ROOT, path), "utf8").replace(/\n\s*(?:\/\/|\*(?!\/))?\s*/g, " ");

const files = ["src", "protocols", "test", "scripts", "bench"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter(
      (path) => /\.(ts|mjs|rs|md)$/.test(path) && !path.includes("node_modules") && !path.startsWith("test/docs/"),
    ),
);
const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith(".md"),
);
const citing = [...files, ...pages].filter((path) => flat(path).includes(`${FOLDER}/`));

test("each reference has numbered sections", () => {
  for (const [name, numbers] of sections) if (name !== "README.md") expect(numbers.length, name).toBeGreaterThan(10);
});

test("facts are cited", () => expect(citing.filter((path) => path.startsWith("src/")).length).toBeGreaterThan(5));

test.each(citing)("what %s cites is there", (path) => {
  const text = flat(path);
  for (const [, name = "", list = ""] of text.matchAll(CITATION)) {
    for (const [number] of list.matchAll(new RegExp(NUMBER, "g"))) {
      expect(sections.get(name), `${path}: ${name}, section ${number}`).toContain(number);
    }
  }
  // A mention of a reference that is no citation must be a link, or name the file as a whole.
  if (/\.(ts|mjs|rs)$/.test(path)) {
    const mentions = text.split(`${FOLDER}/`).length - 1;
    expect([...text.matchAll(CITATION)], `${path}: write \`${FOLDER}/<file>.md, section 1.2\``).toHaveLength(mentions);
  }
});
