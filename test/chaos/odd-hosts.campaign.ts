/** Odd MCP and ACP hosts, from a fixed seed. A failure names its round. */
import { expect, test } from "vitest";
import { drawn } from "../support/every.ts";
import { oddHosts } from "./odd-hosts.ts";

const HOSTS = drawn(40, 100);

test.each(["mcp", "acp"] as const)(
  `${HOSTS} odd hosts of kind %s keep every invariant`,
  { timeout: 1_200_000 },
  async (kind) => {
    const { problems, replies, approved } = await oddHosts(kind, 11, HOSTS);
    expect(problems).toEqual([]);
    expect(replies).toBeGreaterThan(3 * HOSTS);
    expect(approved).toBeGreaterThan(0);
  },
);
