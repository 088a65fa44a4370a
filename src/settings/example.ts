/** A configuration file with every key, commented out. */
import { stringify } from "smol-toml";
import { SETTING_KEYS } from "./keys.ts";

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
    const [written = ""] = stringify({ [names.at(-1) ?? ""]: examples[0] }).split("\n");
    lines.push("", `# ${description}${variable === undefined ? "" : ` (${variable})`}`, `# ${written}`);
  }
  return `${lines.join("\n")}\n`;
}
