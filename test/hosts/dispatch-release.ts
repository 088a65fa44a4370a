/** A release of ours as a catalog would find it: the generated catalog and its assets, on loopback. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Release {
  origin: string;
  /** An empty home folder for the host that installs it. */
  home: string;
  close(): Promise<void>;
}

const PROGRAM = "dist-release/seren-bridge.mjs";

export async function startRelease(): Promise<Release> {
  const home = await mkdtemp(join(tmpdir(), "dispatch-release-"));
  const assets = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const asset = assets.get(request.url?.split("/").at(-1) ?? "");
    response.writeHead(asset ? 200 : 404).end(asset);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const catalog = join(home, "extensions.json");
  const args = ["scripts/write-catalog.mjs", "--release-file", PROGRAM, "--base-url", origin, "--out", catalog];
  await promisify(execFile)(process.execPath, args);
  const program = await readFile(PROGRAM);
  assets.set("extensions.json", await readFile(catalog));
  assets.set("courier-plugin.json", await readFile("courier-plugin.json"));
  assets.set("seren-bridge.mjs", program);
  const hash = createHash("sha256").update(program).digest("hex");
  assets.set("SHA256SUMS", Buffer.from(`${hash}  seren-bridge.mjs\n`));
  return {
    origin,
    home,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };
}
