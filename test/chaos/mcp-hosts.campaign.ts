/** Odd MCP hosts, from a fixed seed. A failure names its round. */
import { expect, test } from "vitest";
import { oddMcpHosts } from "./mcp-hosts.ts";

test("100 odd MCP hosts keep every invariant", { timeout: 600_000 }, async () => {
  const { problems, replies } = await oddMcpHosts(11, 100);
  expect(problems).toEqual([]);
  expect(replies).toBeGreaterThan(200);
});
