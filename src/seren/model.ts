/**
 * What Seren Cloud tells and is asked, in our own words. `mapping/` makes these from the service's answers and makes its
 * requests from these; nothing outside that folder reads the wire. Times are milliseconds since the epoch.
 */
import type { CreateDeployment } from "#protocols/seren-cloud";

export type { InboxDecision } from "#protocols/seren-cloud";

/** Status of a thing whose status cannot be read. It means neither an end nor a pause. */
export const UNKNOWN_STATUS = "unknown";

/** Rows of a list: those that can be read, in order, and how many cannot. */
export interface Rows<T> {
  rows: T[];
  unreadable: number;
}

/**
 * The durable record of a run. Only the id is sure to be there: a member is absent where the service does not say it, or
 * says it in a way that cannot be read.
 */
export interface Run {
  id: string;
  deploymentId?: string | undefined;
  /** Free text of the service; `endingOf` reads it. `UNKNOWN_STATUS` where it cannot be read. */
  status: string;
  statusMessage?: string | undefined;
  stopReason?: string | undefined;
  executionId?: string | undefined;
  conversationId?: string | undefined;
  /** Page on which a person can look at the run. */
  sessionUrl?: string | undefined;
  createdAt?: number | undefined;
  startedAt?: number | undefined;
  completedAt?: number | undefined;
  updatedAt?: number | undefined;
  executionTimeMs?: number | undefined;
  /** Decimal strings in US dollars. */
  computeCostUsd?: string | undefined;
  inferenceCostUsd?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  /** Text the process wrote. */
  output?: string | undefined;
  /** Rows of the event log, for `decodeRunEvent`; absent where the record holds no list of them. */
  eventRows?: readonly unknown[] | undefined;
  /** Who started it: `api`, `cli`, `scheduler`, `ui`, `system`, `unknown`, or a value this version does not know. */
  source?: string | undefined;
  /** What the create call asked for; absent where it cannot be read. Members the service does not repeat are absent. */
  payload?: RunPayload | undefined;
  /**
   * Set when the record is too large or cannot be read: this is what the run's state, or the end of its stream, says in its
   * place, without output, events, costs and times.
   */
  cut?: { by: "state" | "stream"; latestSequence?: number | undefined } | undefined;
}

export interface RunPayload {
  requestId?: string | undefined;
  message?: string | undefined;
  operation?: NewRun["operation"];
  inputs?: unknown;
}

/** What a run is doing now. */
export interface LiveState {
  runId: string;
  deploymentId?: string | undefined;
  status: string;
  phase: string;
  terminal: boolean;
  /** Highest event number of the log; 0 also where there is none yet. */
  latestSequence?: number | undefined;
  currentStep?: string | undefined;
  currentTool?: string | undefined;
  statusMessage?: string | undefined;
}

/** The answer to a create call. Without a `runId` the run was either only accepted, or finished within the call. */
export interface Invocation {
  status: string;
  runId?: string | undefined;
  executionId?: string | undefined;
  /** What a run that finished within the call returned. */
  result?: unknown;
}

export interface Deployment {
  id: string;
  name?: string | undefined;
  mode?: string | undefined;
  /** `pending`, `building`, `running`, `stopped`, `failed`, or a value this version does not know. */
  status: string;
  errorMessage?: string | undefined;
  modelId?: string | undefined;
  createdAt?: number | undefined;
  updatedAt?: number | undefined;
  skillSlug?: string | undefined;
  visibility?: string | undefined;
  /** `llm` or `script`. */
  orchestrationMode?: string | undefined;
  cronSchedule?: string | undefined;
  cronTimezone?: string | undefined;
  codeBundleHash?: string | undefined;
  /** Where an `always_on` service can be reached. */
  endpointUrl?: string | undefined;
}

/** What all runs of a deployment have cost, as far as the service says it. */
export interface Spend {
  /** Decimal string in US dollars. */
  totalUsd?: string | undefined;
  runs?: number | undefined;
}

/** An archive that code is deployed from. */
export interface NewBundle {
  /** 64 lower-case hex digits. */
  sha256: string;
  sizeBytes: number;
}

export interface BundleRegistration {
  id: string;
  /** Where the archive goes; absent when the service has it. */
  upload?: { url: string; headers: Readonly<Record<string, string>> } | undefined;
}

/** One request that a person decides. */
export interface PendingApproval {
  id: string;
  tool: string;
  args?: unknown;
  /** `args` as the service wrote them: JSON text with all digits of its numbers. Absent where there are none. */
  argsText?: string | undefined;
  reason?: string | undefined;
}

/** What one run waits for. */
export interface PendingApprovals {
  status: string;
  checkpointId?: string | undefined;
  approvals: PendingApproval[];
  /** Requests without an id: they cannot be decided. */
  unreadable: number;
}

/** A run of the organization that waits for a person. Its checkpoint is in its own `PendingApprovals` only. */
export interface PendingRun {
  runId: string;
  deploymentId?: string | undefined;
  status: string;
  approvals: PendingApproval[];
}

/** A decision about every request that a run waits for at one checkpoint. */
export interface CheckpointDecisions {
  checkpointId: string;
  decisions: { id: string; decision: "approve" | "reject" }[];
}

/**
 * One entry of the organization's inbox: a request of a run that waits (`tool_call`), a network request that is held
 * (`blocked_egress`), or anything else that a person decides.
 */
export interface InboxEntry {
  entryId: string;
  /** `tool_call`, `blocked_egress`, `other`, or a kind this version does not know. */
  kind: string;
  /** `pending`, `approved`, `denied`, `expired`, or `UNKNOWN_STATUS`. */
  state: string;
  runId?: string | undefined;
  deploymentId?: string | undefined;
  expiresAt?: number | undefined;
  /** Id of the request in the run's pending approvals. */
  toolCallId?: string | undefined;
  /** What is asked for: the tool, or the network request. */
  subject: string;
  reason?: string | undefined;
  /** Arguments and other details as the service wrote them: JSON text. Absent where there are none. */
  detailsText?: string | undefined;
  /** What "allow always" would allow, to be sent as it is. Only where the service offers it. */
  lease?: Readonly<Record<string, unknown>> | undefined;
}

export interface InboxPage extends Rows<InboxEntry> {
  /** Where the next page begins; absent on the last one. */
  nextCursor?: string | undefined;
}

export interface RunArtifact {
  id: string;
  kind: string;
  title?: string | undefined;
  url?: string | undefined;
  /** Content that the service keeps itself: any JSON. */
  payload?: unknown;
}

/** The first artifacts of a run. */
export interface ArtifactListing extends Rows<RunArtifact> {
  /** The run has others, which are not listed. */
  hasMore?: true;
}

/** One event of a run's log. */
export type RunEvent =
  | { type: "text"; text: string }
  | { type: "thinking"; text: string; durationMs?: number | undefined }
  /** `arguments` is usually JSON text, but may be anything the model wrote. */
  | { type: "tool_call"; id: string; name: string; arguments?: string | undefined; status?: string | undefined }
  | { type: "tool_result"; id: string; content: string; isError: boolean; code?: string | undefined }
  | { type: "tool_audit"; id: string; tool: string; reason: string; latencyMs?: number | undefined }
  | { type: "workflow"; state: string; checkpointId?: string | undefined; details?: unknown }
  | {
      type: "approval_wait";
      checkpointId?: string | undefined;
      reason?: string | undefined;
      toolCallId?: string | undefined;
    }
  | { type: "approval_decision"; decision: string; toolCallId?: string | undefined }
  | { type: "guardrail_pass"; name: string; target: string }
  | { type: "guardrail_fail"; name: string; target: string; action: string; message: string }
  | { type: "handoff"; toAgent: string; fromAgent?: string | undefined }
  | {
      type: "artifact";
      id: string;
      kind: string;
      uri?: string | undefined;
      sha256?: string | undefined;
      sizeBytes?: number | undefined;
    }
  | { type: "done"; status: string; reason?: string | undefined }
  | { type: "compaction_started" }
  | { type: "compaction_finished" }
  | {
      type: "error";
      message: string;
      code?: string | undefined;
      cause?: string | undefined;
      retryable?: boolean | undefined;
    };

/** What a create call asks for. The service answers at once and works on its own. */
export interface NewRun {
  /** Marker by which the run is found when the answer is lost. */
  requestId?: string | undefined;
  message?: string | undefined;
  conversationId?: string | undefined;
  operation?: "chat" | "job" | "heartbeat" | undefined;
  inputs?: unknown;
  /** Decides what a waiting run of the deployment asked, and lets it go on. */
  resume?: CheckpointDecisions | undefined;
}

/** An agent of one instruction. */
export interface NewAgent {
  name: string;
  slug: string;
  instruction: string;
  /** The model that follows it. Default: the service's own default. */
  model?: string | undefined;
}

/** What is deployed: a plain agent, or a request body as the service takes it, which nothing here looks into. */
export type NewDeployment = NewAgent | CreateDeployment;
