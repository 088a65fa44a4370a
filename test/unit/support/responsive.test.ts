import { expect, test } from "vitest";
import { Responsive } from "../../../src/support/responsive.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

const SILENT = /^\/state does not reply; check the disk/;

test("what the disk does is returned, and thrown", async () => {
  const disk = new Responsive("/state", new VirtualAmbient(1));
  expect(await disk.ask(async () => 7)).toBe(7);
  await expect(disk.ask(() => Promise.reject(new Error("full")))).rejects.toThrow("full");
});

test("a disk that never replies holds up the first who asks for seconds, and the others not at all", async () => {
  const ambient = new VirtualAmbient(1);
  const disk = new Responsive("/state", ambient);
  let reply: () => void = () => undefined;
  const since = ambient.now();
  const first = disk.ask(() => new Promise<void>((resolve) => (reply = resolve)));
  await ambient.runUntil(expect(first).rejects.toThrow(SILENT));
  expect(ambient.now() - since).toBe(5_000);
  let tried = false;
  const more = async () => {
    tried = true;
  };
  await expect(disk.ask(more)).rejects.toThrow(SILENT);
  expect([tried, ambient.now() - since]).toEqual([false, 5_000]);
  reply(); // the network is back
  await first.catch(() => undefined);
  await Promise.resolve();
  await disk.ask(more);
  expect(tried).toBe(true);
});
