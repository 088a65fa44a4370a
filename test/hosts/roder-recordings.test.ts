/** Replays recorded requests of the real host to the built program with the embedded service. The endings must be the same. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Replay } from "./roder/replay.ts";

const FOLDER = fileURLToPath(new URL("../fixtures/roder", import.meta.url));
const sessions = readdirSync(FOLDER).filter((file) => file.startsWith("real-"));

test("there are recordings", () => expect(sessions).toHaveLength(10));

test.each(sessions)("%s", async (file) => {
  const replay = new Replay(readFileSync(join(FOLDER, file), "utf8"));
  const { recorded, seen, exitCode } = await replay.run();
  expect(seen.replies).toEqual(recorded.replies);
  expect(seen.ends).toEqual(recorded.ends);
  expect(exitCode).toBe(0);
});
