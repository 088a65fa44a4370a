/** Recorded requests of the hosts, except those that end the program. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mode } from "../support/child-process/line-check.ts";
import { parcelDir, ROOT } from "./chaos-child.ts";

const FOLDERS: Readonly<Record<Mode, string>> = {
  courier: join(ROOT, "test/fixtures/dispatch/recordings"),
  deployment: join(ROOT, "test/fixtures/dispatch-deployment/recordings"),
  roder: join(ROOT, "test/fixtures/roder"),
  mcp: join(ROOT, "test/fixtures/mcp"),
  acp: join(ROOT, "test/fixtures/acp"),
};
const ENDS = /"method":"(courier|deployment|extension).shutdown"/;

export function corpusOf(mode: Mode): string[] {
  const lines = new Set<string>();
  for (const file of readdirSync(FOLDERS[mode]).filter((name) => name.endsWith(".jsonl"))) {
    for (const row of readFileSync(join(FOLDERS[mode], file), "utf8").split("\n").filter(Boolean)) {
      const { dir, line }: { dir: string; line: string } = JSON.parse(row);
      if (dir === "host" && !ENDS.test(line)) lines.add(withOurParcels(line));
    }
  }
  return [...lines];
}

/** Replaces recorded parcel paths by those of the fixtures. */
const withOurParcels = (line: string) =>
  line.replace(
    /"parcel_dir":"\/workspace\/[^"]*?(chat|job|heartbeat|tools|unicode|mounts|native|foreign|hurried)[^"]*"/,
    (_, name) => `"parcel_dir":${JSON.stringify(parcelDir(name))}`,
  );
