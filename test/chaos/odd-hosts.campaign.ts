/** Odd MCP and ACP hosts, from a fixed seed. A failure names its round. */
import { expect, test } from "vitest";
import { oddHosts } from "./odd-hosts.ts";

test.each(["mcp", "acp"] as const)(
  "100 odd hosts of kind %s keep every invariant",
  { timeout: 600_000 },
  async (kind) => {
    const { problems, replies, approved } = await oddHosts(kind, 11, 100);
    expect(problems).toEqual([]);
    expect(replies).toBeGreaterThan(300);
    expect(approved).toBeGreaterThan(0);
  },
);
