/** A notice in words, and as the object that a program gets. */
import { costOf, type Notice } from "../core/index.ts";
import { assertNever } from "../support/assert-never.ts";
import { decimalOf } from "../support/money.ts";
import { redactMember } from "../support/protocol-words.ts";
import type { Redactor } from "../support/redact.ts";

export interface NoticeWords {
  title: string;
  body: string;
}

export function wordsOfNotice({ event, status, host, text }: Notice): NoticeWords {
  return { title: `Seren Cloud: ${titleOf(event, status)} (${host})`, body: text };
}

function titleOf(event: Notice["event"], status: Notice["status"]): string {
  switch (event) {
    case "completed":
      return "a run completed";
    case "failed":
      return status === "timed_out" ? "a run reached its time limit" : "a run failed";
    case "cancelled":
      return "a run was cancelled";
    case "needs_approval":
      return "a run waits for your approval";
    case "cost":
      return "a run passed your cost mark";
    default:
      return assertNever(event);
  }
}

/** One line of JSON, without secrets. Members may be added, none is renamed or removed. */
export function lineOfNotice(notice: Notice, redactor: Redactor): string {
  const { event, run, host, status, text, usage, durationMs } = notice;
  const micros = costOf(usage);
  const line = {
    event,
    run_id: run.runId,
    deployment_id: run.deploymentId,
    host,
    status,
    title: wordsOfNotice(notice).title,
    text,
    url: run.url ?? null,
    cost_usd: micros === undefined ? null : decimalOf(micros),
    duration_ms: durationMs ?? null,
  };
  const clean = (name: string, member: unknown) =>
    typeof member === "string" ? redactMember(name, member, redactor) : member;
  return `${JSON.stringify(line, clean)}\n`;
}
