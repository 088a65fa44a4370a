import { expect, test } from "vitest";
import type { Notice } from "../../../src/core/index.ts";
import { lineOfNotice } from "../../../src/notify/index.ts";
import { createRedactor } from "../../../src/support/redact.ts";

const RUN_ID = "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11";
const notice: Notice = {
  event: "completed",
  status: "completed",
  host: "dispatch",
  text: "a run completed; hush-4711",
  run: { runId: RUN_ID, deploymentId: "d-1", url: "https://example.com/?t=hush-4711" },
  durationMs: 5,
};

test("a secret leaves the line of a notice", () => {
  const redactor = createRedactor();
  redactor.add("hush-4711");
  expect(JSON.parse(lineOfNotice(notice, redactor))).toMatchObject({
    text: "a run completed; [redacted]",
    url: "https://example.com/?t=[redacted]",
  });
});

test.each(["completed", "run_id", "dispatch", "4c52-9f0b"])(
  "a secret that is a word of it (%s) damages nothing",
  (secret) => {
    const redactor = createRedactor();
    redactor.add(secret);
    expect(JSON.parse(lineOfNotice({ ...notice, text: "" }, redactor))).toMatchObject({
      event: "completed",
      status: "completed",
      host: "dispatch",
      run_id: RUN_ID,
    });
  },
);
