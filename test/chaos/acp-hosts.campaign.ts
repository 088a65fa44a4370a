/** Odd ACP hosts, from a fixed seed. A failure names its round. */
import { expect, test } from "vitest";
import { oddAcpHosts } from "./acp-hosts.ts";

test("100 odd ACP hosts keep every invariant", { timeout: 600_000 }, async () => {
  const { problems, replies, approved } = await oddAcpHosts(11, 100);

  expect(problems).toEqual([]);
  expect(replies).toBeGreaterThan(500);
  expect(approved).toBeGreaterThan(5);
});
