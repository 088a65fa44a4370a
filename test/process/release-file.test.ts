/** The release build is one file: a Dispatch catalog delivers exactly one, under a name of its own. */
import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CLEAN_EXIT, RELEASE_PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { MANIFEST_PATH, RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";

function alone(name: string): string {
  const folder = scratchFolder();
  const program = join(folder, name);
  copyFileSync(requireBuilt(RELEASE_PROGRAM), program);
  chmodSync(program, 0o755);
  expect(readdirSync(folder)).toEqual([name]);
  return program;
}

test("as a courier: started by itself, it answers and runs a turn", async () => {
  const host = new CourierHost({ program: alone("courier of mine.mjs"), direct: true });
  expect((await host.ask("capabilities")).result?.kind).toBe("capabilities");
  const session = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
  expect(answerOf(turn)).toMatch(/^You said: hello\n/);
  expect(await host.ask("shutdown")).toEqual({ events: [], result: { kind: "ok" } });
  expect(await host.child.exited).toEqual(CLEAN_EXIT);
});

test("as an extension, with the manifest Roder loaded named to it", async () => {
  const env = { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: MANIFEST_PATH };
  const host = await RoderHost.initialized({ program: alone("extension.mjs"), env });
  await host.dispatch("d", { prompt: script({ text: "Done." }) });
  expect(await host.terminal("d")).toMatchObject({ type: "completed", result: { final_message: "Done." } });
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("as an extension, with the manifest beside it", async () => {
  const program = alone("extension.mjs");
  copyFileSync(MANIFEST_PATH, join(program, "..", "roder-extension.toml"));
  const host = await RoderHost.initialized({ program });
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("as an extension without a manifest, it reports which files it tried", async () => {
  const program = alone("extension.mjs");
  const host = new RoderHost({ program });
  const { error } = await host.ask("extension/initialize", INITIALIZE);
  expect(error?.message).toMatch(
    /^the extension manifest cannot be read: .*roder-extension\.toml \(does not exist\), .*roder-extension\.toml \(does not exist\)\. .*SEREN_BRIDGE_RODER_MANIFEST/,
  );
});
