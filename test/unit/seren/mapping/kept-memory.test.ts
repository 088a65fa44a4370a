/** What is kept of a long member is as small as it looks. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { decodeRunEvent } from "../../../../src/seren/mapping/events.ts";

setFlagsFromString("--expose_gc");
const gc: () => void = runInNewContext("gc");
const MEBIBYTE = 1024 * 1024;
const long = (index: number) => `${index}${"x".repeat(4 * MEBIBYTE)}`;

function heap(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

test.each<[string, (index: number) => object]>([
  ["ids", (index) => ({ type: "tool_call", id: long(index), name: "n" })],
  ["names", (index) => ({ type: "tool_call", id: `${index}`, name: long(index) })],
  ["phrases", (index) => ({ type: "error", message: long(index), code: long(index), cause: long(index) })],
  ["addresses", (index) => ({ type: "artifact", id: `${index}`, uri: long(index), kind: long(index) })],
])("30 events with %s of four megabytes", (_, row) => {
  const before = heap();
  const kept = Array.from({ length: 30 }, (_, index) => decodeRunEvent(JSON.parse(JSON.stringify(row(index)))));
  expect(heap() - before).toBeLessThan(20 * MEBIBYTE);
  expect(kept).not.toContain(undefined);
});
