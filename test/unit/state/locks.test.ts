/** Locks between processes: one at a time, whatever dies. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Locks } from "../../../src/state/locks.ts";
import { realAmbient, sleep } from "../../../src/support/ambient.ts";
import { Responsive } from "../../../src/support/responsive.ts";
import { killed, owner, temporaryFolder } from "./owners.ts";

const { signal } = new AbortController();

/** Instances stand for processes: nothing is shared but the folder. */
const processes = (root: string, count: number) => Array.from({ length: count }, () => new Locks(root, realAmbient));

test("several processes that want the lock at once have it one after the other", async () => {
  const root = await temporaryFolder();
  const all = processes(root, 6);
  let holding = 0;
  let most = 0;
  const order: number[] = [];
  const work = (number: number) => async () => {
    holding += 1;
    most = Math.max(most, holding);
    await sleep(realAmbient, 5);
    order.push(number);
    holding -= 1;
    return number;
  };
  const results = await Promise.all(all.map((locks, number) => locks.hold("deploy", signal, work(number))));
  expect(most).toBe(1);
  expect(results).toEqual([0, 1, 2, 3, 4, 5]);
  expect(order.sort()).toEqual(results);
  for (const locks of all) await locks.close();
});

test("another lock is not waited for, and a failure gives the lock back", async () => {
  const root = await temporaryFolder();
  const [one, two] = processes(root, 2) as [Locks, Locks];
  await one.hold("a", signal, async () => {
    expect(await two.hold("b", signal, async () => "held")).toBe("held");
    await expect(two.hold("b", signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await two.hold("b", signal, async () => "again")).toBe("again");
  });
});

test("an abort ends the waiting and leaves nothing behind", async () => {
  const root = await temporaryFolder();
  const [one, two, three] = processes(root, 3) as [Locks, Locks, Locks];
  const impatient = new AbortController();
  await one.hold("a", signal, async () => {
    const waiting = two.hold("a", impatient.signal, async () => "never");
    impatient.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
  expect(await three.hold("a", signal, async () => "free")).toBe("free");
});

test("a process that was killed with the lock, or while it drew its ticket, holds nothing", async () => {
  const root = await temporaryFolder();
  const at = Date.now();
  const held = `a-dead=${JSON.stringify({ lock: "a", at, ticket: 1 })}`;
  const drawing = `a-drawing=${JSON.stringify({ lock: "a", at })}`;
  const child = await owner(root, held, drawing);
  const [locks] = processes(root, 1) as [Locks];
  const waiting = locks.hold("a", signal, async () => "mine");
  let early = true;
  void waiting.then(() => {
    early = child.exitCode === null && child.signalCode === null;
  });
  await sleep(realAmbient, 300);
  await killed(child);
  expect(await waiting).toBe("mine");
  expect(early).toBe(false);
  expect(await locks.hold("a", signal, async () => "again")).toBe("again");
});

test("what another machine left long ago is not waited for", async () => {
  const root = await temporaryFolder();
  const folder = join(root, "11111111-1111-4111-8111-111111111111");
  await mkdir(folder);
  const owned = { v: 2, id: "x", machine: "some other machine", inode: "1", since: 0 };
  await writeFile(join(folder, "owner.json"), JSON.stringify(owned));
  const wish = { lock: "a", at: Date.now() - 3_600_000, ticket: 1 };
  await writeFile(join(folder, "a-theirs.entry"), JSON.stringify(wish));
  await writeFile(join(folder, "a-garbage.entry"), "what?");
  const [locks] = processes(root, 1) as [Locks];
  expect(await locks.hold("a", signal, async () => "mine")).toBe("mine");
});

test("a living holder is waited for, however long it holds and whatever the clocks say", async () => {
  const root = await temporaryFolder();
  const [one] = processes(root, 1) as [Locks];
  const ahead = Object.create(realAmbient, { now: { value: () => Date.now() + 3_600_000 } });
  const other = new Locks(root, ahead);
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(realAmbient, 250);
    inside -= 1;
  };
  await Promise.all([one.hold("a", signal, work), other.hold("a", signal, work)]);
  expect(most).toBe(1);
});

test("a folder that cannot be used rejects", async () => {
  const root = join(await temporaryFolder(), "file");
  await writeFile(root, "not a folder");
  const [locks] = processes(root, 1) as [Locks];
  await expect(locks.hold("a", signal, async () => "never")).rejects.toThrow("a part of the path is a file");
});

/** Gives up the first call, whose work is done all the same, and the next one, whose work is not. */
class SlowDisk extends Responsive {
  #calls = 0;

  override async ask<T>(work: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    if (this.#calls === 1) await work();
    if (this.#calls <= 2) throw new Error("the disk does not reply");
    return work();
  }
}

test("a wish that a slow disk writes late is taken back", async () => {
  const root = await temporaryFolder();
  const soon = { ...realAmbient, timer: (_: number, run: () => void) => realAmbient.timer(0, run) };
  const slow = new Locks(root, soon, new SlowDisk(root, soon));
  await expect(slow.hold("a", signal, async () => "done")).rejects.toThrow("does not reply");
  expect(await new Locks(root, realAmbient).hold("a", signal, async () => "done")).toBe("done");
});

test("of several processes that try to take a lock at once, one gets it; the next one gets it after that", async () => {
  const root = await temporaryFolder();
  const all = processes(root, 6);
  const tried = await Promise.all(all.map((locks) => locks.tryHold("serve")));
  const [won, ...others] = tried.filter((one) => "release" in one);
  expect(others).toEqual([]);
  const lost = tried.filter((one) => one !== won);
  expect(lost).toEqual(Array(5).fill({ holder: "alive" }));
  await won?.release();
  const next = await all[0]?.tryHold("serve");
  expect(next).toHaveProperty("release");
  for (const locks of all) await locks.close();
});

test("a lock is taken from a process that was killed, and never from one whose death cannot be seen", async () => {
  const root = await temporaryFolder();
  const wish = (at: number) => `serve-1=${JSON.stringify({ lock: "serve", at, ticket: 1 })}`;
  const holder = await owner(root, wish(1));
  const [one, two] = processes(root, 2) as [Locks, Locks];
  expect(await one.tryHold("serve")).toEqual({ holder: "alive" });
  const [home = ""] = (await readdir(root)).filter((name) => existsSync(join(root, name, "serve-1.entry")));
  const file = join(root, home, "owner.json");
  const proof = await readFile(file, "utf8");
  await killed(holder);
  await writeFile(file, proof.replace(/"device":"\d+"/, '"device":"1"')); // it listens through another mount
  expect(await one.tryHold("serve")).toEqual({ holder: "unknown" });
  await writeFile(file, proof);
  expect(await one.tryHold("serve")).toHaveProperty("release");
  expect(await two.tryHold("serve")).toEqual({ holder: "alive" });
});
