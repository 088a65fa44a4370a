import { expect, test } from "vitest";
import { SingleFlight } from "../../../src/support/single-flight.ts";

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const never = new AbortController().signal;

test("callers during the work share it; a later caller starts it again", async () => {
  const shared = new SingleFlight<number>();
  let begun = 0;
  const first = deferred<number>();
  const work = () => {
    begun += 1;
    return first.promise;
  };
  const both = Promise.all([shared.join("key", never, work), shared.join("key", never, work)]);
  expect(begun).toBe(1);
  first.resolve(7);
  expect(await both).toEqual([7, 7]);
  expect(await shared.join("key", never, () => Promise.resolve(8))).toBe(8);
});

test("other keys do not share", async () => {
  const shared = new SingleFlight<string>();
  const work = (text: string) => () => Promise.resolve(text);
  expect(await Promise.all([shared.join("a", never, work("A")), shared.join("b", never, work("B"))])).toEqual([
    "A",
    "B",
  ]);
});

test("a failure rejects for every caller", async () => {
  const shared = new SingleFlight<number>();
  const work = () => Promise.reject(new Error("no"));
  const both = await Promise.allSettled([shared.join("key", never, work), shared.join("key", never, work)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("a caller that aborts is rejected at once, and the others keep the work", async () => {
  const shared = new SingleFlight<number>();
  const going = deferred<number>();
  const leaving = new AbortController();
  let stopped: AbortSignal | undefined;
  const left = shared.join("key", leaving.signal, (signal) => {
    stopped = signal;
    return going.promise;
  });
  const stays = shared.join("key", never, () => Promise.reject(new Error("begun twice")));
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  expect(stopped?.aborted).toBe(false);
  going.resolve(1);
  expect(await stays).toBe(1);
});

test("the work is aborted with its last caller, and a later caller starts it again", async () => {
  const shared = new SingleFlight<number>();
  const leaving = new AbortController();
  let begun = 0;
  const work = (signal: AbortSignal) => {
    begun += 1;
    if (begun > 1) return Promise.resolve(2);
    return new Promise<number>((_, reject) => {
      signal.addEventListener("abort", () => setImmediate(() => reject(signal.reason)), { once: true });
    });
  };
  const left = shared.join("key", leaving.signal, work);
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  expect(await shared.join("key", never, work)).toBe(2);
  expect(begun).toBe(2);
});
