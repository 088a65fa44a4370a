import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { orAborted, Stopped, stopCauseOf, timeoutSignal } from "../../../src/support/abort.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

describe("timeoutSignal", () => {
  test("aborts when the time is over, with a reason that says so", async () => {
    const ambient = new VirtualAmbient(1);
    const bound = timeoutSignal(ambient, 250);
    await ambient.advance(249);
    expect(bound.signal.aborted).toBe(false);
    await ambient.advance(1);
    expect(stopCauseOf(bound.signal)).toBe("deadline");
    expect(bound.signal.reason.message).toBe("no answer within 250 ms");
  });

  test("aborts with the parent and keeps the parent's reason", () => {
    const ambient = new VirtualAmbient(1);
    const parent = new AbortController();
    const bound = timeoutSignal(ambient, 250, parent.signal);
    parent.abort(new Stopped("person"));
    expect(stopCauseOf(bound.signal)).toBe("person");
    bound.release();
    expect(ambient.waiting).toBe(0);
  });

  test("the first reason stays", async () => {
    const ambient = new VirtualAmbient(1);
    const parent = new AbortController();
    const bound = timeoutSignal(ambient, 250, parent.signal);
    await ambient.advance(250);
    parent.abort(new Stopped("host"));
    expect(stopCauseOf(bound.signal)).toBe("deadline");
    bound.release();
  });

  test("is aborted from the start under an aborted parent", () => {
    const ambient = new VirtualAmbient(1);
    const bound = timeoutSignal(ambient, 250, AbortSignal.abort(new Stopped("shutdown")));
    expect(stopCauseOf(bound.signal)).toBe("shutdown");
    bound.release();
    expect(ambient.waiting).toBe(0);
  });

  test("release removes the timer and the listener, also after many uses of one parent", () => {
    const ambient = new VirtualAmbient(1);
    const { signal } = new AbortController();
    for (let use = 0; use < 100; use += 1) {
      const bound = timeoutSignal(ambient, 60_000, signal);
      bound.release();
      bound.release();
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(ambient.waiting).toBe(0);
  });

  test("a released signal is not aborted by its parent", () => {
    const parent = new AbortController();
    const bound = timeoutSignal(new VirtualAmbient(1), 250, parent.signal);
    bound.release();
    parent.abort();
    expect(bound.signal.aborted).toBe(false);
  });
});

describe("stopCauseOf", () => {
  test("returns the cause", () => {
    expect(stopCauseOf(AbortSignal.abort(new Stopped("host")))).toBe("host");
  });

  test("is undefined without an abort and for another reason", () => {
    expect(stopCauseOf(new AbortController().signal)).toBeUndefined();
    expect(stopCauseOf(AbortSignal.abort(new Error("other")))).toBeUndefined();
  });

  test("a reason reads as text", () => {
    expect(String(new Stopped("deadline"))).toBe("Stopped: stopped: deadline");
  });
});

describe("orAborted", () => {
  const never = () => new Promise<never>(() => undefined);

  test("settles as the promise does, and lets go of the signal", async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error("a")), signal)).rejects.toThrow("a");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("rejects with the signal's reason, also when that was aborted before", async () => {
    const controller = new AbortController();
    const waiting = orAborted(never(), controller.signal);
    controller.abort("stop");
    await expect(waiting).rejects.toBe("stop");
    await expect(orAborted(never(), controller.signal)).rejects.toBe("stop");
  });
});
