/** A key that the service refuses: the words lead to where it came from, which is not always the variable. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const KEY = "key-that-was-revoked";

async function refusingService(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(401, { "content-type": "application/json" }).end('{"message":"API key revoked"}');
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([["runs", "list"], ["run", "hello"], ["doctor"]])(
  "%s %s: the variable is named where it has the key",
  async (...args) => {
    const origin = await refusingService();
    const { stdout, stderr } = await startTerminal({ SEREN_API_BASE: origin, SEREN_API_KEY: KEY }, args).ended;
    expect(stdout + stderr).toContain("API key revoked; check SEREN_API_KEY");
    expect(stdout + stderr).not.toContain("seren-bridge login with");
  },
);

test.each([["runs", "list"], ["run", "hello"], ["doctor"]])(
  "%s %s: the file is named where it has the key",
  async (...args) => {
    const origin = await refusingService();
    const home = scratchFolder();
    const file = join(home, "seren-bridge", "credentials.json");
    mkdirSync(join(home, "seren-bridge"), { mode: 0o700 });
    writeFileSync(file, JSON.stringify({ api_key: KEY, service: origin }), { mode: 0o600 });
    const { stdout, stderr } = await startTerminal({ SEREN_API_BASE: origin, XDG_CONFIG_HOME: home }, args, home).ended;
    expect(stdout + stderr).toContain(
      `API key revoked; it is the one in ${file}: store another one with \`seren-bridge login\``,
    );
    expect(stdout + stderr).not.toContain("SEREN_API_KEY");
  },
);
