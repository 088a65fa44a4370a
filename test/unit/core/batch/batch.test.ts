/** What becomes of rows that go on when another one stops the batch. */
import { expect, test } from "vitest";
import { Batch } from "../../../../src/core/batch/batch.ts";
import { type BatchLine, RowStates } from "../../../../src/core/batch/batch-notes.ts";
import type { Outcome } from "../../../../src/core/events.ts";
import type { LiveRun, RunRegistry } from "../../../../src/core/host/run-registry.ts";
import type { RunRequest } from "../../../../src/core/request.ts";
import { ExecutionFailure, type FailureKind } from "../../../../src/support/failure.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

/** The first row stops the batch; the second one has noted that it is being started, and fails afterwards. */
async function secondRowAfterStop(kind: FailureKind): Promise<BatchLine<string>[]> {
  const lines: BatchLine<string>[] = [];
  const failures: ((failure: ExecutionFailure) => void)[] = [];
  const start = (id: string, request: RunRequest) => {
    const outcome = new Promise<Outcome>((_resolve, reject) => void failures.push(reject));
    if (id === "row 1") void request.caretaker?.note({ requestId: "request", deploymentId: "deployment" });
    return { outcome, cancel: () => undefined } as unknown as LiveRun;
  };
  const fail = async (row: number, kind: FailureKind) => {
    failures[row]?.(new ExecutionFailure(kind, "it failed"));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const row = { target: { kind: "deployment", deploymentId: "deployment", named: "here" }, message: "m" } as const;
  const batch = new Batch<string>({
    rows: [row, row].map((one) => ({ ...one, onApproval: "wait" })),
    states: new RowStates(),
    notes: { folder: "/batch", append: async (line) => void lines.push(line) },
    registry: { start } as unknown as RunRegistry,
    ambient: new VirtualAmbient(1),
    concurrency: 2,
    timeoutMs: 1_000,
    resultOf: async (_row, end) => {
      if (!("failure" in end)) return end.outcome.kind;
      expect(end.begun).toMatchObject({ requestId: "request" }); // it is no row without a run
      return end.failure.kind;
    },
    onEnded: () => undefined,
  });
  const ended = batch.run();
  await fail(0, "payment_required");
  await fail(1, kind);
  expect(await ended).toMatchObject({ kind: "payment_required" });
  return lines.filter(({ row }) => row === 1);
}

test.each(["unknown_outcome", "internal"] as const)("a row whose run may have been started ends: %s", async (kind) => {
  expect(await secondRowAfterStop(kind)).toMatchObject([{ kind: "begun" }, { kind: "ended", result: kind }]);
});

test.each(["cancelled", "timed_out", "unavailable"] as const)(
  "one that was not started is begun again: %s",
  async (kind) => {
    expect(await secondRowAfterStop(kind)).toMatchObject([{ kind: "begun" }, { kind: "refused" }]);
  },
);
