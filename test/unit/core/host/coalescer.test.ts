import { expect, test } from "vitest";
import { Coalescer } from "../../../../src/core/host/coalescer.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

function coalesced(burst: number) {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const seen: string[] = [];
  const coalescer = new Coalescer<string>(ambient, { everyMs: 1000, burst }, (value) => {
    seen.push(`${ambient.now()} ${value}`);
    return undefined;
  });
  return { ambient, coalescer, seen };
}

test("the last of many values wins, and none comes twice", async () => {
  const { ambient, coalescer, seen } = coalesced(0);
  for (let i = 0; i <= 25; i += 1) {
    coalescer.offer(`v${i}`);
    await ambient.advance(100);
  }
  await ambient.advance(5000);
  expect(seen).toEqual(["0 v0", "1000 v9", "2000 v19", "3000 v25"]);
});

test("urgent values go ahead as long as the burst lasts, which is earned back", async () => {
  const { ambient, coalescer, seen } = coalesced(2);
  for (const value of ["a", "b", "c", "d"]) coalescer.offer(value, { urgent: true });
  expect(seen).toEqual(["0 a", "0 b"]);
  await ambient.advance(3000);
  expect(seen).toEqual(["0 a", "0 b", "1000 d"]);
  for (const value of ["e", "f", "g"]) coalescer.offer(value, { urgent: true });
  expect(seen.slice(3)).toEqual(["3000 e", "3000 f"]);
});

test("a closed coalescer forgets what waits", async () => {
  const { ambient, coalescer, seen } = coalesced(0);
  coalescer.offer("a");
  coalescer.offer("b");
  coalescer.close();
  coalescer.offer("c", { urgent: true });
  await ambient.advance(5000);
  expect(seen).toEqual(["0 a"]);
});
