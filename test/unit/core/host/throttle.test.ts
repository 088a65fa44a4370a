import { expect, test } from "vitest";
import { Coalescer, Throttle } from "../../../../src/core/host/throttle.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

function paced(everyMs: number, turn: () => Promise<void> | undefined = () => undefined) {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const turns: number[] = [];
  const pacer = new Throttle(ambient, everyMs, () => {
    turns.push(ambient.now());
    return turn();
  });
  return { ambient, pacer, turns };
}

test("the first turn is taken at once, the next ones at their distance, however often they are asked for", async () => {
  const { ambient, pacer, turns } = paced(100);
  for (let at = 0; at < 300; at += 10) {
    pacer.ask();
    await ambient.advance(10);
  }
  expect(turns).toEqual([0, 100, 200, 300]);
});

test("nothing happens that was not asked for", async () => {
  const { ambient, pacer, turns } = paced(100);
  pacer.ask();
  await ambient.advance(1000);
  pacer.ask();
  expect(turns).toEqual([0, 1000]);
});

test("an urgent turn does not wait and starts the distance anew", async () => {
  const { ambient, pacer, turns } = paced(100);
  pacer.ask();
  await ambient.advance(30);
  pacer.ask(true);
  pacer.ask();
  await ambient.advance(200);
  expect(turns).toEqual([0, 30, 130]);
});

test.each([
  ["in turn", false, 50, [0, 100]],
  ["at once", true, 50, [0, 50]],
  ["in turn, when the distance has passed meanwhile", false, 450, [0, 450]],
])("a turn that is still going on is not overtaken (%s)", async (_, urgent, turnMs, expected) => {
  const { ambient, pacer, turns } = paced(100, () => new Promise((resolve) => void ambient.timer(turnMs, resolve)));
  pacer.ask();
  await ambient.advance(10);
  pacer.ask(urgent);
  await ambient.advance(1000);
  expect(turns).toEqual(expected);
});

test("a turn that rejects counts as taken", async () => {
  const { ambient, pacer, turns } = paced(100, () => Promise.reject(new Error("gone")));
  pacer.ask();
  await ambient.settle();
  pacer.ask();
  await ambient.advance(100);
  expect(turns).toEqual([0, 100]);
});

test("a closed pacer takes no turn, not even one that was waiting", async () => {
  const { ambient, pacer, turns } = paced(100);
  pacer.ask();
  pacer.ask();
  pacer.close();
  pacer.ask(true);
  await ambient.advance(1000);
  expect(turns).toEqual([0]);
});

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
  for (const value of ["a", "b", "c", "d"]) coalescer.offer(value, true);
  expect(seen).toEqual(["0 a", "0 b"]);
  await ambient.advance(3000);
  expect(seen).toEqual(["0 a", "0 b", "1000 d"]);
  for (const value of ["e", "f", "g"]) coalescer.offer(value, true);
  expect(seen.slice(3)).toEqual(["3000 e", "3000 f"]);
});

test("a closed coalescer forgets what waits", async () => {
  const { ambient, coalescer, seen } = coalesced(0);
  coalescer.offer("a");
  coalescer.offer("b");
  coalescer.close();
  coalescer.offer("c", true);
  await ambient.advance(5000);
  expect(seen).toEqual(["0 a"]);
});
