/** A secret that an agent repeats is removed from streamed text wherever the pieces were cut. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "../../../src/support/redact.ts";

const SECRET = "seren_Canary-0123456789";

function through(pieces: string[], secret = SECRET): string {
  const redactor = createRedactor();
  redactor.add(secret);
  const stream = redactor.stream();
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

test("cut at every place, and at every two places, nothing of it is left", () => {
  const text = `the key is ${SECRET}, keep it`;
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      const out = through([text.slice(0, first), text.slice(first, second), text.slice(second)]);
      expect(out).toBe("the key is [redacted], keep it");
    }
  }
});

test("character by character", () => {
  expect(through([...`a ${SECRET} b ${SECRET}`])).toBe("a [redacted] b [redacted]");
});

test("text that only resembles a beginning is sent whole", () => {
  expect(through(["these seren", "_Canary are birds", " seren_Can"])).toBe("these seren_Canary are birds seren_Can");
});

test("a short beginning waits for the next piece, but for nothing else", () => {
  const redactor = createRedactor();
  redactor.add(SECRET);
  const stream = redactor.stream();
  expect(stream.push("in the queues")).toBe("in the queue");
  expect(stream.pause()).toBe("s");
  expect(stream.push(SECRET.slice(0, 5))).toBe("");
  expect(stream.pause()).toBe("");
  expect(stream.push(SECRET.slice(5))).toBe("[redacted]");
});

test("when something else is sent in between, at most three characters are sent before the rest is known", () => {
  for (let cut = 1; cut < SECRET.length; cut += 1) {
    const redactor = createRedactor();
    redactor.add(SECRET);
    const stream = redactor.stream();
    const out = stream.push(SECRET.slice(0, cut)) + stream.pause() + stream.push(SECRET.slice(cut)) + stream.end();
    expect(out).toBe(cut < 4 ? `${SECRET.slice(0, cut)}[redacted]` : "[redacted]");
  }
});

test("in small pieces with something else between each, it does not come out", () => {
  for (const size of [1, 2, 3, 5, 11]) {
    const redactor = createRedactor();
    redactor.add(SECRET);
    const stream = redactor.stream();
    let out = "";
    for (let at = 0; at < SECRET.length; at += size) out += stream.push(SECRET.slice(at, at + size)) + stream.pause();
    expect((out + stream.end()).replace("[redacted]", "").length).toBeLessThanOrEqual(3);
  }
});

test("a run that ends in the middle of a secret does not show the most of it", () => {
  expect(through(["the key is ", SECRET.slice(0, -1)])).toBe("the key is [redacted]");
});

test("overlapping secrets are one mask, however long they go on", () => {
  expect(through(["x", ..."ab".repeat(50), "y"], "abababab")).toBe("x[redacted]y");
});

test("text without a secret is unchanged, in any pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom("s", "e", "r", "n", "_", "C", "x", "🦊") })), (pieces) => {
      fc.pre(!pieces.join("").includes("seren_Cx"));
      expect(through(pieces, "seren_Cx")).toBe(pieces.join(""));
    }),
  );
});

test("a secret never remains in the text, in any pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("seren_Canary", "-0123456789", SECRET, " ", "s", "ser")), (pieces) => {
      const out = through(pieces);
      expect(out).not.toContain(SECRET);
    }),
  );
});
