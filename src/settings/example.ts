/** A configuration file with every key, commented out. */
import { stringify } from "smol-toml";
import { isObject } from "../support/objects.ts";
import { SETTING_KEYS } from "./keys.ts";

/** The library writes tables under headings of their own. */
function inline(value: unknown): string {
  if (!isObject(value)) return stringify({ x: value }).trim().slice("x = ".length);
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${name} = ${inline(member)}`)
    .join(", ")} }`;
}

export function exampleFile(path: string): string {
  const lines = [
    `# Settings of seren-bridge: ${path}`,
    "# A variable of the environment comes before its key. The API key is no setting: `seren-bridge login` stores it.",
  ];
  let table = "";
  for (const { path: names, description, examples, variable } of SETTING_KEYS) {
    const tableOfKey = names.slice(0, -1).join(".");
    if (tableOfKey !== table) lines.push("", `# [${tableOfKey}]`);
    table = tableOfKey;
    const name = names.at(-1) ?? "";
    const [example] = examples;
    const written = isObject(example) ? `${name} = ${inline(example)}` : stringify({ [name]: example }).trim();
    lines.push("", `# ${description}${variable === undefined ? "" : ` (${variable})`}`, `# ${written}`);
  }
  return `${lines.join("\n")}\n`;
}
