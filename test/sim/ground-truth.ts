/** What really is on the service, read from it directly once everything is over. */
import { type LocalCloud, type LocalService, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import type { Ambient } from "../../src/support/ambient.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows of the service, in whatever shape it shows them
type Row = any;

export interface ActualRun {
  id: string;
  /** The `inputs.tag` of its create call. */
  tag: string;
  status: string;
  startedBy: unknown;
  createdAt: number;
  /** Absent while it goes on. */
  endedAt?: number;
  /** The answer as the record has it. */
  text: string;
  /** Tool calls and results in order, each once: `call <id> <name>` and `result <id>`. */
  tools: string[];
}

export interface GroundTruth {
  runs: ActualRun[];
  /** Names of the deployments that were built, one entry each; a failed one may be tried again. */
  deployments: string[];
}

/** Asks until an answer comes through: the fault plan may still have something in store. */
export async function requestUntilAnswered(
  service: LocalService,
  ambient: Ambient,
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
    page = (await requestUntilAnswered(service, ambient, "GET", `/runs?limit=${PAGE}&offset=${rows.length}`)) as Row[];
  }
  const deployments: Row[] = await requestUntilAnswered(service, ambient, "GET", "/deployments");
  return {
    runs: rows.map(trueRun),
    deployments: deployments.filter(({ status }) => status !== "failed").map(({ name }) => name),
  };
}

/** A host cannot always send inputs, so its prompts name the run themselves. */
function tagOf(payload: Row): string {
  return payload?.inputs?.tag ?? /\[(run\d+)\]/.exec(payload?.message ?? "")?.[1] ?? "";
}

const ENDED = new Set(["completed", "failed", "error", "cancelled", "canceled", "timeout", "blocked"]);

function trueRun(row: Row): ActualRun {
  const events: Row[] = row.output_events ?? [];
  const pieces = events.filter((event) => event.type === "text" && typeof event.text === "string");
  return {
    id: row.id,
    tag: tagOf(row.invocation_payload),
    status: row.status,
    startedBy: row.invocation_payload?.client_request_id,
    createdAt: Date.parse(row.created_at),
    ...(ENDED.has(row.status) ? { endedAt: Date.parse(row.completed_at) } : {}),
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
