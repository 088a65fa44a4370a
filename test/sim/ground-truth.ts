/** The runs and deployments that really exist on the service, read from it at the end of a simulation. */
import { type LocalCloud, type LocalService, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import type { Ambient } from "../../src/support/ambient.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows of the service, in whatever shape it shows them
type Row = any;

export interface ActualRun {
  id: string;
  /** The `inputs.tag` of its create call. */
  tag: string;
  status: string;
  deployment: string;
  conversation: unknown;
  startedBy: unknown;
  createdAt: number;
  /** Milliseconds; absent while the run is active. */
  endedAt?: number;
  /** The answer in the run's record. */
  text: string;
  /** Whether it stands for a turn that its conversation refused, so that nothing ran. */
  refused: boolean;
  /** How often a restart of its runtime interrupted it. */
  interruptions: number;
  /** Tool calls and results, in order: `call <id> <name>` and `result <id>`. */
  tools: string[];
}

export interface GroundTruth {
  runs: ActualRun[];
  /** One name for each deployment that was built. Failed ones are left out, because they may be tried again. */
  deployments: string[];
}

export interface ServiceAccess {
  service: LocalService;
  ambient: Ambient;
}

/** Repeats a request until it succeeds, because the fault plan may still apply. Throws after 200 attempts. */
export async function requestUntilAnswered(
  { service, ambient }: ServiceAccess,
  method: string,
  path: string,
  body?: object,
): Promise<Row> {
  for (let tries = 0; tries < 200; tries += 1) {
    const patience = new AbortController();
    const stop = ambient.timer(5_000, () => patience.abort(), { unref: true });
    const response = await service.handle(
      {
        method,
        path: PUBLISHER_PREFIX + path,
        headers: { authorization: "Bearer truth", "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      },
      patience.signal,
    );
    stop();
    if (response.drop || typeof response.body !== "string" || response.status >= 300) continue;
    const data = opened(response.body);
    if (data !== undefined) return data;
  }
  throw new Error(`the service never answered ${method} ${path}`);
}

/** Decides what a run waits for, as a person does. `onDecision` is called before the decision is sent. */
export async function decideApprovals(
  access: ServiceAccess,
  runId: string,
  decision: "approve" | "reject",
  onDecision: () => void = () => undefined,
): Promise<void> {
  const pending = await requestUntilAnswered(access, "GET", `/runs/${runId}/pending_approvals`);
  if (pending.status !== "awaiting_approval") return;
  onDecision();
  const decisions = pending.pending_approvals.map(({ id }: { id: string }) => ({ id, decision }));
  const body = { resume_checkpoint_id: pending.checkpoint_id, approval_decisions: decisions };
  await requestUntilAnswered(access, "POST", `/runs/${runId}/resume`, body).catch(() => undefined);
}

function opened(text: string): Row {
  try {
    const outer = JSON.parse(text);
    const inner = outer.data?.body;
    if (inner === undefined) return outer.data;
    return (typeof inner === "string" ? JSON.parse(inner) : inner).data;
  } catch {
    return undefined;
  }
}

const PAGE = 100;

export async function readGroundTruth(cloud: LocalCloud, ambient: Ambient): Promise<GroundTruth> {
  const service = cloud.withoutFaults();
  const rows: Row[] = [];
  for (let page: Row[] | undefined; page === undefined || page.length === PAGE; rows.push(...page)) {
    page = (await requestUntilAnswered(
      { service, ambient },
      "GET",
      `/runs?limit=${PAGE}&offset=${rows.length}`,
    )) as Row[];
  }
  const deployments: Row[] = await requestUntilAnswered({ service, ambient }, "GET", "/deployments");
  return {
    runs: rows.map(trueRun),
    deployments: deployments.filter(({ status }) => status !== "failed").map(({ name }) => name),
  };
}

/** Returns the tag in the inputs, or in the prompt where a host cannot send inputs. */
function tagOf(payload: Row): string {
  return payload?.inputs?.tag ?? /\[(run\d+)\]/.exec(payload?.message ?? "")?.[1] ?? "";
}

const ENDED = new Set(["completed", "failed", "error", "cancelled", "canceled", "timeout", "blocked"]);

const REFUSALS = new Set(["conversation_busy", "conversation_awaiting_approval"]);

function trueRun(row: Row): ActualRun {
  const events: Row[] = row.output_events ?? [];
  const pieces = events.filter((event) => event.type === "text" && typeof event.text === "string");
  return {
    id: row.id,
    tag: tagOf(row.invocation_payload),
    status: row.status,
    deployment: row.deployment_id,
    conversation: row.conversation_id,
    startedBy: row.invocation_payload?.client_request_id,
    createdAt: Date.parse(row.created_at),
    ...(ENDED.has(row.status) ? { endedAt: Date.parse(row.completed_at) } : {}),
    refused: row.status === "failed" && events.length === 1 && REFUSALS.has(events[0].code),
    interruptions: events.filter(({ code }) => code === "interrupted").length,
    text: pieces.map((event) => event.text).join("") || answerInOutput(row.output),
    tools: events.flatMap((event) => {
      if (event.type === "tool_call") return `call ${event.id} ${event.name}`;
      return event.type === "tool_result" ? `result ${event.id}` : [];
    }),
  };
}

/** Returns the answer in a run's output: its `response` when it is JSON with one, else all of it. */
export function answerInOutput(output: string | null | undefined): string {
  try {
    const { response } = JSON.parse(output ?? "");
    return typeof response === "string" ? response : (output ?? "");
  } catch {
    return output ?? "";
  }
}
